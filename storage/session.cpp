#include "storage/session.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string_view>

#include <libpq-fe.h>

namespace ingot::storage {

namespace {

void append_option(std::string& to, std::string_view keyword, std::string_view value) {
  to.append(keyword).append("='");
  for (char c : value) {
    if (c == '\'' || c == '\\')
      to += '\\';
    to += c;
  }
  to += "' ";
}

// A node that stopped in the middle of a transaction must not hold its locks for long.
constexpr milliseconds idle_in_transaction_limit{30'000};

} // namespace

std::string connection_string(const std::string& url, const database_settings& settings) {
  // libpq's own message would quote the address, password and all.
  std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options{PQconninfoParse(url.c_str(), nullptr), PQconninfoFree};
  if (!options)
    throw std::invalid_argument(
        "the database address (DATABASE_URL) is neither `postgresql://user:password@host:port/name` nor a list of "
        "`keyword=value`");
  std::string result;
  for (const auto* o = options.get(); o->keyword != nullptr; ++o) {
    const std::string_view keyword = o->keyword;
    if (o->val != nullptr && keyword != "connect_timeout" && keyword != "client_encoding" &&
        keyword != "fallback_application_name")
      append_option(result, keyword, o->val);
  }
  const auto whole_seconds = std::chrono::ceil<seconds>(settings.connect_timeout).count();
  append_option(result, "connect_timeout", std::to_string(std::max<long>(whole_seconds, 1)));
  append_option(result, "client_encoding", "UTF8");
  append_option(result, "fallback_application_name", "ingot");
  return result;
}

std::string session_sql(milliseconds statement_timeout) {
  return "SET search_path = public;"
         "SET timezone = 'UTC';"
         "SET datestyle = 'ISO';"
         "SET client_min_messages = warning;"
         // No statement of ours runs long enough for its plan to be worth compiling.
         "SET jit = off;"
         "SET default_transaction_isolation = 'read committed';"
         "SET statement_timeout = " +
         std::to_string(statement_timeout.count()) +
         ";"
         "SET idle_in_transaction_session_timeout = " +
         std::to_string(idle_in_transaction_limit.count()) +
         ";"
         // Law 1: a role or database configured to acknowledge before the disk has it is overruled; stronger settings stand.
         "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';"
         "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean";
}

} // namespace ingot::storage
