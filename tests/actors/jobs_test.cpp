#include "actors/jobs.hpp"
#include "tests/actors/fixture.hpp"

#include <stdexcept>

using namespace ingot;
using namespace ingot::test;
using namespace std::chrono_literals;

namespace {

/// A job store without a database.
struct fake_jobs {
  std::vector<claimed_job> due;
  std::vector<std::string> completed; ///< `id state error`
  std::vector<std::int64_t> renewed, released;
  storage::job_ids held_up;
  std::vector<std::int64_t> refused;
  bool away = false;
};

/// Once it has failed it is of no more use, as a connection that is gone.
class fake_job_store final : public storage::job_store {
public:
  explicit fake_job_store(fake_jobs& at) : at_{at} {}

  storage::job_turn turn(std::span<const job_completion> completions, std::span<const storage::job_quota>, std::size_t jobs_max,
                         std::chrono::milliseconds) override {
    look();
    for (const auto& x : completions)
      if (std::count(at_.refused.begin(), at_.refused.end(), x.lease.id) > 0)
        throw storage::store_error{storage::sql_remedy::refused, "bad result"};
    auto found = storage::job_turn{};
    found.left.held_up = at_.held_up;
    for (const auto& x : completions)
      if (std::count(at_.held_up.begin(), at_.held_up.end(), x.lease.id) == 0)
        at_.completed.push_back(std::to_string(x.lease.id) + ' ' + std::string{to_string(x.becomes)} + ' ' + x.error);
    while (found.claimed.size() < jobs_max && !at_.due.empty()) {
      found.claimed.push_back(at_.due.front());
      at_.due.erase(at_.due.begin());
    }
    return found;
  }

  void renew(std::span<const job_lease> leases, std::chrono::milliseconds) override {
    look();
    for (const auto& x : leases)
      at_.renewed.push_back(x.id);
  }

  void release(std::span<const job_lease> leases) override {
    look();
    for (const auto& x : leases)
      at_.released.push_back(x.id);
  }

private:
  void look() {
    broken_ = broken_ || at_.away;
    if (broken_)
      throw storage::store_error{storage::sql_remedy::reconnect, "gone"};
  }

  fake_jobs& at_;
  bool broken_ = false;
};

using ids = std::vector<std::int64_t>;

struct jobs_fixture : actor_fixture {
  fake_jobs at;
  std::vector<job_ptr> handed;
  jobs_actor aut;

  jobs_fixture() {
    context->chance = [] { return 0.0; };
    context->open_job_store = [this] { return std::make_unique<fake_job_store>(at); };
    context->job_handlers["noop"] = [this](job_ptr x) { handed.push_back(std::move(x)); };
    context->job_handlers["falls"] = [](const job_ptr&) { throw std::runtime_error{"fell"}; };
    aut = sys.spawn(jobs, context);
    settle();
  }
  ~jobs_fixture() {
    handed.clear();
    end(aut);
  }

  void add(std::int64_t id, const std::string& kind = "noop") {
    auto x = claimed_job{};
    x.lease = {id, "token", "key" + std::to_string(id)};
    x.kind = kind;
    at.due.push_back(x);
  }

  void hint() {
    caf::anon_send(aut, hint_atom_v);
    settle();
  }

  void tick() { advance(context->config.jobs.poll_interval); }
};

} // namespace

TEST_CASE_METHOD(jobs_fixture, "JOBS takes what is due at a hint, and at the latest at its next tick") {
  add(1);
  hint();
  CHECK(handed.size() == 1);
  add(2);
  tick();
  CHECK(handed.size() == 2);
}

TEST_CASE_METHOD(jobs_fixture, "law 6: a job whose handler falls or drops it has made an attempt") {
  add(1);
  add(2, "falls");
  hint();
  handed.clear();
  settle();
  REQUIRE(at.completed.size() == 2);
  CHECK(at.completed[0] == "2 pending its handler fell");
  CHECK(at.completed[1] == "1 pending its handler fell");
}

TEST_CASE_METHOD(jobs_fixture, "leases are renewed while jobs are in hand, and given back at the end") {
  add(1);
  hint();
  advance(context->config.jobs.lease / 3);
  CHECK(at.renewed == ids{1});
  end(aut);
  CHECK(at.released == ids{1});
}

TEST_CASE_METHOD(jobs_fixture, "what finishes while the database is away is completed when it is back") {
  add(1);
  hint();
  at.away = true;
  handed.clear();
  settle();
  CHECK(at.completed.empty());
  at.away = false;
  advance(1min);
  CHECK(at.completed == std::vector<std::string>{"1 pending its handler fell"});
}

TEST_CASE_METHOD(jobs_fixture, "a completion that is held up is renewed and tried again, and the others are not kept waiting") {
  add(1);
  add(2);
  hint();
  at.held_up = {1};
  handed.clear();
  settle();
  CHECK(at.completed == std::vector<std::string>{"2 pending its handler fell"});
  advance(context->config.jobs.lease / 3);
  CHECK(std::count(at.renewed.begin(), at.renewed.end(), 1) > 0);
  at.held_up.clear();
  tick();
  CHECK(at.completed.back() == "1 pending its handler fell");
  CHECK(at.completed.size() == 2);
}

TEST_CASE_METHOD(jobs_fixture, "law 6: a completion that the database refuses in every form keeps no other from being written") {
  add(1);
  add(2);
  add(3);
  hint();
  at.refused = {2};
  handed.clear();
  settle();
  CHECK(at.completed.size() == 2);
  add(4);
  tick();
  CHECK(handed.size() == 1);
}

TEST_CASE_METHOD(jobs_fixture, "law 12: a node that drains claims nothing more, and gives back what does not end in a moment") {
  add(1);
  add(2);
  hint();
  REQUIRE(handed.size() == 2);
  context->draining = true;
  add(3);
  hint();
  CHECK(at.due.size() == 1);
  handed.erase(handed.begin());
  settle();
  CHECK(at.completed == std::vector<std::string>{"1 pending its handler fell"});
  CHECK(at.released.empty());
  advance(200ms);
  CHECK(at.released == ids{2});
  CHECK(at.due.size() == 1);
}

TEST_CASE_METHOD(jobs_fixture,
                 "what ends while the node drains is completed although the database was away as jobs were given back") {
  add(1);
  hint();
  REQUIRE(handed.size() == 1);
  context->draining = true;
  hint();
  at.away = true;
  advance(200ms);
  CHECK(at.released.empty());
  at.away = false;
  handed.clear();
  settle();
  CHECK(at.completed == std::vector<std::string>{"1 pending its handler fell"});
}

TEST_CASE_METHOD(jobs_fixture, "what ends while the node drains is completed although the database was away before") {
  add(1);
  hint();
  REQUIRE(handed.size() == 1);
  at.away = true;
  tick();
  context->draining = true;
  hint();
  at.away = false;
  handed.clear();
  settle();
  CHECK(at.completed == std::vector<std::string>{"1 pending its handler fell"});
}

TEST_CASE_METHOD(jobs_fixture, "law 12: what a node has in hand as it ends is given back although the database was away before") {
  add(1);
  hint();
  REQUIRE(handed.size() == 1);
  at.away = true;
  tick();
  at.away = false;
  end(aut);
  CHECK(at.released == ids{1});
}
