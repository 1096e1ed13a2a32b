#include "storage/connection.hpp"

namespace ingot::storage {

namespace {

bool is_any_of(std::string_view state, std::initializer_list<std::string_view> states) {
  for (auto s : states)
    if (state.substr(0, s.size()) == s)
      return true;
  return false;
}

/// The message with what it quotes left out: in class 22 (data exception) that is the value itself.
std::string without_quoted(std::string_view text) {
  std::string result;
  bool quoted = false;
  for (char c : text) {
    if (c == '"') {
      result += quoted ? "…\"" : "\"";
      quoted = !quoted;
    } else if (!quoted)
      result += c;
  }
  return result;
}

// SQLSTATE classes: PostgreSQL documentation, appendix A.
sql_remedy remedy_of(std::string_view state, std::string_view message) noexcept {
  // None: a broken connection, or a fatal result that libpq made itself. 40003: nobody knows whether it was committed.
  if (state.empty() || state == "40003")
    return sql_remedy::reconnect;
  if (is_any_of(state, {"40"}))
    return sql_remedy::retry;
  // 25006: a read-only transaction, 55P03: lock not available, 58: disk and system errors, 57: shutdown and statement timeout,
  // 26000: a prepared statement is gone, as behind a pooler.
  // 42, 3D, 3F: rights or tables are missing, 28: so is the role, XX001, XX002: a damaged table or index, 25P03, 25P04: the
  // server ended an idle session. All of them are the database's, whatever was to be written.
  if (is_any_of(state,
                {"08", "53", "57", "58", "25006", "55P03", "26000", "42", "3D", "3F", "28", "XX001", "XX002", "25P03", "25P04"}))
    return sql_remedy::reconnect;
  // A migration of another node changed a table under a prepared statement; a new connection prepares it anew.
  if (state == "0A000" && message.find("cached plan") != std::string_view::npos)
    return sql_remedy::reconnect;
  return sql_remedy::refused;
}

} // namespace

std::string sqlstate(const std::exception& e) {
  if (const auto* s = dynamic_cast<const statement_error*>(&e))
    return s->sqlstate();
  if (const auto* s = dynamic_cast<const pqxx::sql_error*>(&e))
    return s->sqlstate();
  return {};
}

sql_remedy classify(const std::exception& e) noexcept {
  if (const auto* s = dynamic_cast<const statement_error*>(&e))
    return remedy_of(s->sqlstate(), e.what());
  // 40003; 6.4 derives it from transaction_rollback, although nobody knows whether it rolled back.
  if (dynamic_cast<const pqxx::statement_completion_unknown*>(&e) != nullptr)
    return sql_remedy::reconnect;
  // 6.4 keeps no SQLSTATE in these.
  if (dynamic_cast<const pqxx::transaction_rollback*>(&e) != nullptr)
    return sql_remedy::retry;
  if (dynamic_cast<const pqxx::failure*>(&e) == nullptr)
    return sql_remedy::refused;
  // broken_connection and in_doubt_error are no sql_error.
  const auto* error = dynamic_cast<const pqxx::sql_error*>(&e);
  return error == nullptr ? sql_remedy::reconnect : remedy_of(error->sqlstate(), e.what());
}

std::string describe(const std::exception& e) {
  // The lines after the first (DETAIL, CONTEXT, LINE) show values.
  std::string_view text = e.what();
  text = text.substr(0, text.find('\n'));
  for (std::string_view severity : {"ERROR:  ", "FATAL:  ", "PANIC:  "})
    if (text.starts_with(severity))
      text.remove_prefix(severity.size());
  const auto state = sqlstate(e);
  if (state.empty())
    return std::string{text};
  return state + ": " + (state.starts_with("22") ? without_quoted(text) : std::string{text});
}

} // namespace ingot::storage
