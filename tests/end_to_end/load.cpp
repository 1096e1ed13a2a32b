#include "tests/end_to_end/load.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"

#include <map>
#include <optional>

namespace ingot::testing {

namespace {

using clock = std::chrono::steady_clock;

} // namespace

load::load(std::uint16_t port, load_options options) : port_{port}, options_{options} {
  for (unsigned i = 0; i < options_.senders; ++i)
    threads_.emplace_back([this, i] { run(i); });
}

load::~load() {
  finish();
}

void load::finish() {
  stopping_ = true;
  for (auto& thread : threads_)
    if (thread.joinable())
      thread.join();
}

std::vector<std::string> load::refusals() const {
  std::lock_guard lock{mutex_};
  return refusals_;
}

std::vector<load_step> load::steps() const {
  std::lock_guard lock{mutex_};
  return steps_;
}

void load::run(unsigned sender) {
  auto next_repository = options_.first_repository + static_cast<std::int64_t>(sender) * 1'000'000;
  std::vector<load_step> current;
  for (int i = 0; i < options_.repositories_per_sender; ++i)
    current.push_back({next_repository++, -1, "", "", false});
  std::vector<load_step> done;
  for (std::size_t turn = 0; !stopping_; turn = (turn + 1) % current.size()) {
    auto& step = current[turn];
    if (++step.number == options_.steps_per_repository)
      step = {next_repository++, 0, "", "", false};
    step.id = new_delivery_id();
    step.sha = head_at_step(step.repository, step.number);
    step.acknowledged = send_until_acknowledged(
        step, pull_request_step(step.repository, "load/r" + std::to_string(step.repository), step.number));
    done.push_back(step);
    nap(options_.pause);
  }
  std::lock_guard lock{mutex_};
  steps_.insert(steps_.end(), done.begin(), done.end());
}

bool load::send_until_acknowledged(load_step& step, const std::string& body) {
  thread_local std::map<const load*, std::optional<http_client>> connections;
  auto& connection = connections[this];
  for (auto end = clock::now() + std::chrono::seconds{30}; !stopping_ || clock::now() < end;) {
    try {
      if (!connection)
        connection.emplace(port_, options_.patience);
      auto begin = clock::now();
      auto answer = deliver(*connection, "pull_request", step.id, std::string_view{body});
      std::chrono::duration<double> took = clock::now() - begin;
      for (auto known = slowest_.load(); took.count() > known && !slowest_.compare_exchange_weak(known, took.count());)
        ;
      if (answer.status == 200) {
        ++acknowledged_;
        return true;
      }
      std::lock_guard lock{mutex_};
      refusals_.push_back(std::to_string(answer.status) + " " + answer.body);
    } catch (const http_error&) {
      connection.reset();
      ++broken_;
    }
    nap(std::chrono::milliseconds{10});
  }
  return false;
}

namespace {

void check_deliveries(sql& db, const std::vector<load_step>& steps) {
  std::map<std::string, const load_step*> sent;
  for (const auto& x : steps)
    sent[x.id] = &x;
  std::map<std::string, int> kept;
  std::size_t unknown = 0, not_stored = 0, twice = 0, lost = 0;
  for (const auto& row : db.rows("SELECT delivery_id, outcome FROM deliveries")) {
    unknown += sent.contains(*row[0]) ? 0 : 1;
    not_stored += row[1] == "stored" ? 0 : 1;
    twice += ++kept[*row[0]] > 1 ? 1 : 0;
  }
  for (const auto& x : steps)
    lost += x.acknowledged && !kept.contains(x.id) ? 1 : 0;
  CHECK(lost == 0);
  CHECK(twice == 0);
  CHECK(unknown == 0);
  CHECK(not_stored == 0);
  CHECK(db.number("SELECT count(*) FROM delivery_ids") == static_cast<std::int64_t>(kept.size()));
}

/// A later step of a repository was never written by an earlier transaction than the step before it.
void check_order(sql& db, const std::vector<load_step>& steps) {
  std::map<std::string, std::uint64_t> transaction;
  for (const auto& row : db.rows("SELECT delivery_id, xmin::text FROM deliveries"))
    transaction[*row[0]] = std::stoull(*row[1]);
  std::map<std::int64_t, std::uint64_t> latest;
  std::size_t disordered = 0;
  for (const auto& x : steps) {
    auto found = transaction.find(x.id);
    if (found == transaction.end())
      continue;
    auto& last = latest[x.repository];
    disordered += found->second < last ? 1 : 0;
    last = found->second;
  }
  CHECK(disordered == 0);
}

void check_rows(sql& db, const std::vector<load_step>& steps) {
  std::map<std::string, std::vector<const load_step*>> by_repository;
  for (const auto& x : steps)
    if (x.acknowledged)
      by_repository[std::to_string(x.repository)].push_back(&x);
  std::size_t rows = 0, wrong = 0;
  for (const auto& row :
       db.rows("SELECT r.github_id, p.description, p.commit_sha, p.history, r.total_prs, l.status_pr FROM repositories r "
               "JOIN pull_requests p ON p.repo_id = r.id JOIN pipeline_runs l ON l.repo_id = r.id")) {
    const auto& expected = by_repository[*row[0]];
    ++rows;
    if (expected.empty())
      continue; // its first delivery was written and never acknowledged
    std::vector<std::string> heads;
    const auto history = json::parse(*row[3]);
    for (const auto& entry : history.as_array())
      if (entry.at("field").as_string() == "head")
        heads.push_back(json::value_to<std::string>(entry.at("value")));
    std::vector<std::string> wanted; // the first head is no change
    for (const auto* x : expected)
      if (x->number > 0)
        wanted.push_back(x->sha);
    // What was written without being acknowledged can only be the step after the last.
    bool one_ahead = heads.size() == wanted.size() + 1;
    if (one_ahead)
      heads.pop_back();
    bool right =
        heads == wanted && row[4] == "1" && row[5] == (expected.size() + (one_ahead ? 1 : 0) == 1 ? "opened" : "updated");
    if (!one_ahead)
      right = right && row[1] == "step " + std::to_string(expected.back()->number) && row[2] == expected.back()->sha;
    if (!right && ++wrong < 4)
      UNSCOPED_INFO("repository " << *row[0] << ": " << *row[1] << " " << *row[2] << " of " << wanted.size() << " steps, "
                                  << heads.size() << " heads, " << *row[4] << " " << *row[5]);
  }
  CHECK(wrong == 0);
  CHECK(rows >= by_repository.size());
}

} // namespace

void check_nothing_lost_nothing_double(sql& db, const load& done) {
  auto steps = done.steps();
  REQUIRE_FALSE(steps.empty());
  check_deliveries(db, steps);
  check_order(db, steps);
  check_rows(db, steps);
}

} // namespace ingot::testing
