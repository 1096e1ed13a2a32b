#include "storage/batch_store.hpp"

#include "config/failpoints.hpp"
#include "storage/content_pushes.hpp"
#include "storage/deliveries.hpp"
#include "storage/github_rows.hpp"
#include "storage/job_statements.hpp"
#include "storage/pipeline.hpp"
#include "storage/write_session.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ingot::storage {

namespace {

/// A second try decides under the rows' locks; only a repository that two nodes meet for the first time can move again.
constexpr auto attempts_max = 3;

/// What was said of installations, duplicates among it (nobody knows yet): said twice it changes nothing.
std::vector<installation_news> installation_news_of(std::span<github::group* const> groups) {
  auto found = std::vector<installation_news>{};
  for (const auto* group : groups)
    for (const auto& item : group->items)
      if (const auto* x = std::get_if<github::installation_event>(&item.what->fact))
        found.push_back({x, item.kept->received_at, &item.kept->id});
  return found;
}

bool renames(const github::group* x) {
  return x->decided && x->changes.repository && x->changes.repository->renames;
}

void decide(std::span<github::group* const> groups) {
  for (auto* x : groups) {
    x->changes = {};
    if (github::decide_from(*x, 0) != x->items.size())
      throw std::logic_error{"a decision lacks knowledge after loading"};
  }
}

/// It is loaded and decided by the next transaction.
void take_back_decision(github::group& x) {
  x.decided = false;
  x.known = {};
  x.changes = {};
}

class postgres_store final : public batch_store {
public:
  postgres_store(const std::string& url, const database_settings& settings)
      : db_{url, settings,
            write_statements({delivery_statements(), github_statements(), content_push_statements(), job_statements()})} {
    plan_once(db_);
  }

  bool commit(std::span<github::group* const> groups) override {
    const auto limit = db_.within_statement_timeout();
    auto enqueued = false;
    for (auto attempt = 1;; ++attempt) {
      try {
        enqueued = apply(groups);
        break;
      } catch (const std::exception& e) {
        db_.roll_back();
        const auto moved = sqlstate(e) == version_moved;
        for (auto* x : groups)
          if (x->keyed && (moved || !x->decided))
            take_back_decision(*x);
        if (!moved || attempt == attempts_max)
          throw store_error{classify(e), describe(e)};
      }
    }
    for (auto* x : groups)
      github::confirm(*x);
    return enqueued;
  }

  void keep_failed(const delivery& x, std::string_view reason) override {
    const auto limit = db_.within_statement_timeout();
    try {
      keep_failed_delivery(db_, x, reason);
      db_.run(); // a transaction of its own
    } catch (const std::exception& e) {
      db_.roll_back();
      throw store_error{classify(e), describe(e)};
    }
  }

private:
  /// One transaction: a single exchange with the database when all groups are decided, mostly two when some are not.
  bool apply(std::span<github::group* const> groups) {
    auto keyed = std::vector<github::group*>{}, open = std::vector<github::group*>{};
    for (auto* x : groups)
      if (x->keyed) {
        keyed.push_back(x);
        if (!x->decided)
          open.push_back(x);
      }
    const auto news = installation_news_of(groups);
    db_.add("begin");
    keep_deliveries(db_, groups);
    write_installations(db_, news);
    // The update locks rows in order as well; but not those that are read before, mentioned or bear a wanted name.
    if (!open.empty() || !news.empty() || std::any_of(keyed.begin(), keyed.end(), renames))
      lock_repositories(db_, keyed, news);
    if (!open.empty()) {
      load_knowledge(db_, open);
      decide(open);
    }
    auto enqueued = !news.empty();
    write_changes(db_, keyed, enqueued);
    write_mentions(db_, news);
    enqueue_installation_syncs(db_, news);
    failpoint("before_commit");
    db_.add("commit");
    db_.send();
    failpoint("during_commit");
    db_.run();
    failpoint("after_commit");
    return enqueued;
  }

  pipeline db_;
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
