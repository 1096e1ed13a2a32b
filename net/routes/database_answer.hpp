#pragma once

#include "net/routes/table.hpp"

#include <functional>

namespace ingot::routes {

/// What a request comes to, on a READER's connection. May throw what libpqxx throws, or storage::refused_change.
using database_work = std::function<http::response(storage::connection&, const http::request&)>;

/// Answers with what `work` reads; the database being away is a 503.
void answer_by_reading(const services& what, http::request req, http::responder done, database_work work);

/// Answers with what `work` changes; it is run once at most.
void answer_by_changing(const services& what, http::request req, http::responder done, database_work work);

/// How many items a page has when nobody says, and at most.
inline constexpr std::int64_t page_default = 100;
inline constexpr std::int64_t page_max = 1000;

/// An answer with that body.
http::response json_response(std::string body, unsigned status = 200);

} // namespace ingot::routes
