#include "storage/write_session.hpp"

#include <array>

namespace ingot::storage {

namespace {

constexpr auto session_statements = std::to_array<named_statement>({
    {"begin", "BEGIN"},
    {"commit", "COMMIT"},
    {"roll_back", "ROLLBACK"},
    // Arrays of unknown length: a plan made once that goes by index is right for every batch, and costs no planning.
    {"plan_once", "SET plan_cache_mode = force_generic_plan"},
    {"no_seqscan", "SET enable_seqscan = off"},
    {"no_hashjoin", "SET enable_hashjoin = off"},
    {"no_mergejoin", "SET enable_mergejoin = off"},
});

} // namespace

std::vector<named_statement> write_statements(std::initializer_list<std::span<const named_statement>> more) {
  auto all = std::vector<named_statement>{session_statements.begin(), session_statements.end()};
  for (const auto& some : more)
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

void plan_once(pipeline& db) {
  const auto limit = db.within_statement_timeout();
  for (const auto* statement : {"plan_once", "no_seqscan", "no_hashjoin", "no_mergejoin"})
    db.add(statement);
  db.run();
}

} // namespace ingot::storage
