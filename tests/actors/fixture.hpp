#pragma once

#include "actors/context.hpp"
#include "telemetry/log.hpp"
#include "tests/support/catch.hpp"

#include <caf/scheduler/test_coordinator.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

namespace ingot::test {

/// A store without a database: keeps what is committed, in order, and refuses or is away as a test says.
struct fake_store_state {
  std::vector<std::vector<std::string>> commits; ///< delivery ids, a list for each transaction
  std::vector<std::string> decided;              ///< ids that came with a decision
  std::vector<std::string> failed;               ///< ids that keep_failed() got
  std::vector<std::string> poison;               ///< ids that the database refuses
  std::vector<std::string> unkeepable;           ///< ids that it refuses as failed, too
  std::size_t items_max = 1'000'000;             ///< larger batches time out
  bool away = false;
  bool hand_out_knowledge = true;
  bool orders_syncs = false;
};

class fake_store final : public storage::batch_store {
public:
  explicit fake_store(std::shared_ptr<fake_store_state> state) : state_{std::move(state)} {}

  bool commit(std::span<github::group* const> groups) override {
    if (state_->away)
      throw storage::store_error{storage::sql_remedy::reconnect, "gone"};
    auto ids = std::vector<std::string>{};
    for (auto* group : groups)
      for (const auto& item : group->items) {
        if (std::find(state_->poison.begin(), state_->poison.end(), item.kept->id) != state_->poison.end())
          throw storage::store_error{storage::sql_remedy::refused, "poison"};
        ids.push_back(item.kept->id);
      }
    if (ids.size() > state_->items_max)
      throw storage::store_error{storage::sql_remedy::reconnect, "statement timeout"};
    for (auto* group : groups) {
      for (const auto& item : group->items)
        if (group->decided)
          state_->decided.push_back(item.kept->id);
      group->known.repository_id = group->items.front().kept->repository_id;
      group->known.loaded = state_->hand_out_knowledge;
      group->known.repository.exists = true;
    }
    state_->commits.push_back(std::move(ids));
    return state_->orders_syncs;
  }

  void keep_failed(const delivery& x, std::string_view) override {
    if (state_->away)
      throw storage::store_error{storage::sql_remedy::reconnect, "gone"};
    if (std::find(state_->unkeepable.begin(), state_->unkeepable.end(), x.id) != state_->unkeepable.end())
      throw storage::store_error{storage::sql_remedy::refused, "not even so"};
    state_->failed.push_back(x.id);
  }

private:
  std::shared_ptr<fake_store_state> state_;
};

/// How senders were answered, in order: `id stored`, `id lost`, …
using answers = std::vector<std::string>;

/// Actors run, and time passes, only when a test says so.
struct actor_fixture {
  struct config : caf::actor_system_config {
    config() {
      add_message_types<caf::id_block::ingot>();
      set("scheduler.policy", caf::atom("testing"));
    }
  };

  telemetry::metrics counters{"test"};
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("ingot-actors-" + std::to_string(::getpid()));
  std::shared_ptr<fake_store_state> store = std::make_shared<fake_store_state>();
  context_ptr context = make_context();
  config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys, true};
  caf::scheduler::test_coordinator& sched = dynamic_cast<caf::scheduler::test_coordinator&>(sys.scheduler());
  answers answered;

  actor_fixture() {
    log::configure({"off", log_format::json});
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  ~actor_fixture() {
    sched.run();
    std::filesystem::remove_all(folder);
  }

  void settle() {
    while (sched.try_run_once()) {
    }
  }

  void advance(caf::timespan by) {
    sched.advance_time(by);
    settle();
  }

  template <class Handle>
  void end(const Handle& x) {
    self->send_exit(x, caf::exit_reason::user_shutdown);
    settle();
  }

  /// A push to repository `repository`, whose answer is noted.
  delivery_ptr push(const std::string& id, std::int64_t repository) {
    auto x = std::make_shared<delivery_in_hand>();
    x->kept.id = id;
    x->kept.event = "push";
    x->kept.repository_id = repository;
    x->kept.repository = "owner/r" + std::to_string(repository);
    x->kept.content_type = "application/json";
    x->kept.body = "{\"ref\":\"refs/heads/main\",\"repository\":{\"id\":" + std::to_string(repository) +
                   ",\"name\":\"r\",\"full_name\":\"" + x->kept.repository + "\",\"owner\":{\"login\":\"owner\"}}}";
    x->kept.body_bytes = static_cast<std::uint32_t>(x->kept.body.size());
    x->kept.encoding = body_encoding::identity;
    x->event.name = "push";
    auto& snapshot = x->event.repository.emplace();
    snapshot.id = repository;
    snapshot.name = "r";
    snapshot.owner = "owner";
    snapshot.full_name = x->kept.repository;
    x->event.fact = github::repository_event{};
    x->answer = std::make_shared<reply>([this, id](const receipt& with) {
      answered.push_back(id + ' ' +
                         std::string{with.why.code == fault::none ? to_string(with.outcome) : to_string(with.why.code)});
    });
    return x;
  }

private:
  context_ptr make_context() {
    auto made = std::make_shared<node_context>(settings{}, counters);
    made->now = [] { return timestamp{}; };
    made->open_store = [state = store]() -> std::unique_ptr<storage::batch_store> {
      if (state->away)
        throw storage::store_error{storage::sql_remedy::reconnect, "gone"};
      return std::make_unique<fake_store>(state);
    };
    made->open_spool = [this] { return std::make_unique<storage::spool>(folder, context->config.spool); };
    made->probe = [state = store] { return database_report{!state->away, 1, state->away ? "gone" : ""}; };
    made->maintain = [](timestamp) { return false; };
    made->write_audit = [](const auto&, timestamp) {};
    return made;
  }
};

} // namespace ingot::test
