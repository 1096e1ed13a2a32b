#include "storage/connection.hpp"

#include "storage/pgx.hpp"
#include "storage/session.hpp"

#include <algorithm>

namespace ingot::storage {

struct connection::impl {
  impl(const std::string& url, const database_settings& settings)
      : statement_timeout(settings.statement_timeout), link(connection_string(url, settings)), watched(link.sock()) {
    pgx::forbid_reactivation(link);
  }

  ~impl() { pgx::close(link); }

  milliseconds statement_timeout;
  pqxx::connection link;
  connection_watchdog::entry watched;
};

connection::connection(const std::string& url, const database_settings& settings) : impl_(std::make_unique<impl>(url, settings)) {
  deadline limit{*this, std::max(settings.connect_timeout, settings.statement_timeout)};
  pqxx::nontransaction session{raw()};
  if (session.exec(session_sql(settings.statement_timeout))[0][0].as<bool>())
    throw pqxx::broken_connection(read_only_database);
}

connection::~connection() = default;

pqxx::connection& connection::raw() noexcept {
  return impl_->link;
}

bool connection::overdue() const noexcept {
  return impl_->watched.expired();
}

connection::deadline::deadline(connection& c) : deadline(c, c.impl_->statement_timeout) {}

connection::deadline::deadline(connection& c, milliseconds limit) : connection_watchdog::deadline(c.impl_->watched, limit) {}

} // namespace ingot::storage
