#include "net/routes/submission_pages.hpp"
#include "model/html_text.hpp"

#include "net/bridge.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/submission_links.hpp"
#include "storage/refused_change.hpp"
#include "storage/submission_mails.hpp"

#include <limits>
#include <utility>

namespace ingot::routes {

namespace {

using mcp::submission_link;

/// A page without scripts. @param button what its only button says; it posts to the same address. Empty: none
http::response page(std::string_view title, std::string_view text, std::string_view button = {}) {
  auto out = http::response{};
  out.content_type = "text/html; charset=utf-8";
  out.body =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>" +
      html_escaped(title) + "</title><h1>" + html_escaped(title) + "</h1><p>" + html_escaped(text) + "</p>";
  if (!button.empty())
    out.body += "<form method=\"post\"><button>" + html_escaped(button) + "</button></form>";
  out.body += "\n";
  // The token is in the address: no other page learns it, and nothing keeps it.
  out.fields = {{"content-security-policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
                {"referrer-policy", "no-referrer"},
                {"cache-control", "no-store"},
                {"x-content-type-options", "nosniff"}};
  return out;
}

/// The submission that the link is for. Throws storage::refused_change.
storage::submission_record submission_of_link(const services& what, storage::connection& db, const http::request& asked,
                                              submission_link kind) {
  const auto query = query_parameters{asked.head.query, {"id", "token"}};
  const auto id = query.integer("id", 1, std::numeric_limits<std::int64_t>::max(), 0);
  auto found = is_good_token(what, query.text("token"), kind, id) ? storage::find_submission(db, id) : std::nullopt;
  if (!found)
    throw storage::refused_change{{fault::forbidden, "this link is none: open it as the mail has it", {{"token", "is unknown"}}}};
  return std::move(*found);
}

std::string name_of(const storage::submission_record& x) {
  return x.manifest.server_name.empty() ? x.repository_url : x.manifest.server_name;
}

storage::operator_action by_submitter(const services& what, const storage::submission_record& x, const http::request& asked) {
  return {"submitter of " + std::to_string(x.id), what.context->now(), asked.head.request_id};
}

} // namespace

void show_confirmation(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [&what](storage::connection& db, const http::request& asked) {
    return refusing(what, asked, [&] {
      const auto found = submission_of_link(what, db, asked, submission_link::confirm);
      if (found.state != mcp::submission_state::unconfirmed)
        return page("Confirmed", "There is nothing more to do here.");
      return page("Confirm your submission", "You submitted the MCP server " + name_of(found) + ".", "Yes, review it");
    });
  });
}

void confirm_submission(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_changing(what, std::move(req), std::move(done), [&what](storage::connection& db, const http::request& asked) {
    return refusing(what, asked, [&] {
      const auto found = submission_of_link(what, db, asked, submission_link::confirm);
      const auto by = by_submitter(what, found, asked);
      storage::move_submission(db, {found.id, {mcp::submission_action::confirm, mcp::submission_role::submitter, by.who, ""}, {}},
                               submission_rules_of(what.context->config), by);
      if (const auto handles = what.context->handles.load())
        bridge::tell(handles->jobs, hint_atom_v);
      return page("Thank you", "Your submission of " + name_of(found) + " waits for a review. A mail tells you of every step.");
    });
  });
}

void show_unsubscription(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [&what](storage::connection& db, const http::request& asked) {
    return refusing(what, asked, [&] {
      submission_of_link(what, db, asked, submission_link::unsubscribe);
      return page("No more mail?", "This address will get no more mail about any submission.", "No more mail");
    });
  });
}

void unsubscribe_from_mail(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_changing(what, std::move(req), std::move(done), [&what](storage::connection& db, const http::request& asked) {
    return refusing(what, asked, [&] {
      const auto found = submission_of_link(what, db, asked, submission_link::unsubscribe);
      storage::opt_out_of_mail(db, found.email, by_submitter(what, found, asked));
      return page("No more mail", "This address gets no more mail about submissions.");
    });
  });
}

} // namespace ingot::routes
