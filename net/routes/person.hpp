#pragma once

#include "net/routes/table.hpp"
#include "storage/audit_log.hpp"

#include <optional>

/// The doors of people: the admin token as bearer, or a browser's session, which is a cookie and, on whatever changes something,
/// the token that goes with it.
namespace ingot::routes {

/// Is it `door::reviewer` or `door::admin`?
constexpr bool is_for_people(door who) noexcept {
  return who == door::reviewer || who == door::admin;
}

/// Pages of other origins are refused: a browser names theirs in Origin, or says in Sec-Fetch-Site that it is another one.
std::optional<failure> refuse_foreign_page(const http::request_head& head);

/// Judges what can be judged without the database: the admin token, or that there is a cookie that this node made, and its CSRF
/// token.
std::optional<failure> refuse_nobody(const http::request_head& head, const settings& config);

/// Finds out who asks, sets `req.by`, and calls the route's handler, on this thread or on a READER's. Answers by itself: 401 when
/// the session is over, 403 when its role is not enough, 503 when nobody can be asked. @pre refuse_nobody() found nothing
void with_person(const services& what, const route& to, http::request req, path_parameters parameters, http::responder done);

/// Who does what `req` asks for, for the audit log. @pre its door is for people
storage::operator_action action_of(const services& what, const http::request& req);

} // namespace ingot::routes
