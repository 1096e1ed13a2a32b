#include "storage/batch_store.hpp"

#include "config/failpoints.hpp"
#include "storage/deliveries.hpp"
#include "storage/github_rows.hpp"
#include "storage/pgx.hpp"

#include <algorithm>
#include <utility>

namespace ingot::storage {

namespace {

/// After so many rounds in which other transactions moved a version between our load and our write. The load locks the row, so a
/// second round is only needed for a repository that was new.
constexpr auto decision_rounds_max = 4;

/// What is left of the installations' events: `known` and `changes` are for repositories.
std::vector<const github::installation_event*> installation_events(std::span<github::group* const> groups) {
  auto found = std::vector<const github::installation_event*>{};
  for (const auto* group : groups)
    for (const auto& item : group->items)
      if (const auto* x = std::get_if<github::installation_event>(&item.what->fact))
        if (item.replay || item.outcome != delivery_outcome::duplicate)
          found.push_back(x);
  return found;
}

class postgres_store final : public batch_store {
public:
  postgres_store(const std::string& url, const database_settings& settings) : db_{url, settings}, deliveries_{db_}, rows_{db_} {
    auto deadline = connection::deadline{db_};
    auto tx = pqxx::nontransaction{db_.raw()};
    // Arrays of unknown length: a plan made once that goes by index is right for every batch, and costs no planning.
    tx.exec("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin "
            "= off");
  }

  void commit(std::span<github::group* const> groups) override {
    try {
      auto deadline = connection::deadline{db_};
      auto tx = pqxx::work{db_.raw()};
      apply(tx, groups);
      failpoint("before_commit");
      tx.commit();
      failpoint("after_commit");
    } catch (const std::exception& e) {
      for (auto* x : groups)
        if (x->keyed && !x->decided) {
          x->known = {}; // half decided; it is loaded again
          x->changes = {};
        }
      throw store_error{classify(e), describe(e)};
    }
    for (auto* x : groups)
      github::confirm(*x);
  }

  void keep_failed(const delivery& x, std::string_view reason) override {
    try {
      auto deadline = connection::deadline{db_};
      auto tx = pqxx::work{db_.raw()};
      deliveries_.keep_failed(tx, x, reason);
      tx.commit();
    } catch (const std::exception& e) {
      throw store_error{classify(e), describe(e)};
    }
  }

private:
  void apply(pqxx::transaction_base& tx, std::span<github::group* const> groups) {
    deliveries_.keep(tx, groups);
    auto keyed = std::vector<github::group*>{};
    auto open = std::vector<github::group*>{};
    for (auto* x : groups)
      if (x->keyed) {
        keyed.push_back(x);
        if (!x->decided)
          open.push_back(x);
      }
    decide(tx, open);
    auto moved = rows_.write_repositories(tx, keyed);
    for (auto round = 0; !moved.empty(); ++round) {
      if (round == decision_rounds_max)
        throw std::runtime_error{"a repository's version moved again and again"};
      for (auto* x : moved)
        x->known = {};
      decide(tx, moved);
      moved = rows_.write_repositories(tx, moved);
    }
    rows_.write_rest(tx, keyed);
    if (const auto events = installation_events(groups); !events.empty())
      rows_.write_installations(tx, events);
  }

  void decide(pqxx::transaction_base& tx, const std::vector<github::group*>& groups) {
    rows_.load(tx, groups);
    for (auto* x : groups) {
      x->changes = {};
      if (github::decide_from(*x, 0) != x->items.size())
        throw std::logic_error{"a decision lacks knowledge after loading"};
    }
  }

  connection db_;
  deliveries_table deliveries_;
  github_rows rows_;
};

} // namespace

std::unique_ptr<batch_store> open_batch_store(const std::string& url, const database_settings& settings) {
  try {
    return std::make_unique<postgres_store>(url, settings);
  } catch (const std::exception& e) {
    throw store_error{sql_remedy::reconnect, describe(e)};
  }
}

} // namespace ingot::storage
