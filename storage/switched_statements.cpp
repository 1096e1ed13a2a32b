#include "storage/switched_statements.hpp"

#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>

namespace ingot::storage {

namespace {

/// `text` with `instead` wherever `part` stood. Throws std::logic_error when that is nowhere: the switch would do nothing.
std::string replaced(std::string text, const statement_switch& x) {
  auto found = false;
  for (auto at = text.find(x.part); at != std::string::npos; at = text.find(x.part, at + x.instead.size())) {
    text.replace(at, x.part.size(), x.instead);
    found = true;
  }
  if (!found)
    throw std::logic_error{"a test switch has nothing to change in the statement " + std::string{x.statement}};
  return text;
}

/// Sets of statements that were made with a switch off; they live as long as the program, as those that they are made from.
struct changed_statements {
  std::vector<named_statement> all;
  std::deque<std::string> texts;
};

} // namespace

std::span<const named_statement> switched(std::span<const named_statement> all, test_switch what,
                                          std::span<const statement_switch> changes) {
  if (!is_off(what))
    return all;
  static std::mutex mutex;
  static std::map<const named_statement*, changed_statements> made;
  const auto hold = std::lock_guard{mutex};
  auto& set = made[all.data()];
  if (!set.all.empty())
    return set.all;
  set.all.assign(all.begin(), all.end());
  for (const auto& x : changes)
    for (auto& statement : set.all)
      if (statement.first == x.statement)
        statement.second = set.texts.emplace_back(replaced(statement.second, x)).c_str();
  return set.all;
}

} // namespace ingot::storage
