#include "tests/support/sql.hpp"

#include <pqxx/pqxx>
#include <stdexcept>

namespace ingot::testing {

struct sql::impl {
  explicit impl(const std::string& url) : db{url} {}
  pqxx::connection db;
};

sql::sql(const std::string& url) : impl_{std::make_unique<impl>(url)} {}
sql::~sql() = default;

std::vector<sql::row> sql::rows(const std::string& statement) {
  pqxx::nontransaction tx{impl_->db};
  std::vector<row> result;
  for (const auto& from : tx.exec(statement)) {
    row one;
    for (const auto& field : from)
      one.push_back(field.is_null() ? std::nullopt : std::optional<std::string>{field.c_str()});
    result.push_back(std::move(one));
  }
  return result;
}

void sql::run(const std::string& statements) {
  pqxx::nontransaction{impl_->db}.exec(statements);
}

std::string sql::text(const std::string& statement) {
  auto found = rows(statement);
  if (found.size() != 1 || found[0].size() != 1)
    throw std::runtime_error{std::to_string(found.size()) + " rows for " + statement};
  return found[0][0].value_or("");
}

std::int64_t sql::number(const std::string& statement) {
  return std::stoll(text(statement));
}

std::string literal(const std::string& text) {
  std::string result = "'";
  for (char c : text) {
    if (c == '\'')
      result += '\'';
    result += c;
  }
  return result + "'";
}

} // namespace ingot::testing
