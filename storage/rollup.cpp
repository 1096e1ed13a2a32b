#include "storage/rollup.hpp"

#include "config/failpoints.hpp"
#include "model/json_object.hpp"
#include "model/notification.hpp"
#include "storage/binary_array.hpp"
#include "storage/job_statements.hpp"
#include "storage/rollup_runs.hpp"
#include "storage/rollup_statements.hpp"

#include <array>
#include <charconv>
#include <utility>
#include <vector>

namespace ingot::storage {

namespace {

using std::chrono::sys_days;

pgx::binary text(std::string_view x) {
  return {x};
}

/// The shortest text that reads as the same number.
std::string number_text(double x) {
  auto buffer = std::array<char, 32>{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), x).ptr};
}

/// What scores depend on besides counts: metric_days.scored_with.
std::string scored_with(const rollup_task& task) {
  return "days=" + std::to_string(task.order.days) + " decay=" + number_text(task.settings.decay) +
         " fork=" + number_text(task.settings.fork_weight);
}

database_settings patient(database_settings x, const rollup_task& task) {
  x.statement_timeout = task.settings.step_timeout;
  return x;
}

/// How often the days' lock is waited for before the attempt fails. In between, those who queue behind it get their turn.
constexpr auto lock_tries_max = 6;
constexpr auto* lock_not_available = "55P03";

/// A date that is computed, and whether its scores are or only its leaderboards.
struct dated_step {
  std::string date;
  bool scored = false;
};

/// One rollup on its way through its session.
class rollup {
public:
  /// @param lease null: nothing is to be written
  rollup(const std::string& url, const database_settings& database, const rollup_task& task, const job_lease* lease,
         const std::function<bool()>& stopping)
      : task_{task}, lease_{lease}, stopping_{stopping}, date_{date_text(task.order.date)},
        window_days_{std::to_string(task.order.days)}, scored_with_{scored_with(task)}, decay_{number_text(task.settings.decay)},
        fork_weight_{number_text(task.settings.fork_weight)}, db_{url, patient(database, task), rollup_session_statements()} {
    for (const auto& [name, sql] : rollup_session_statements().subspan(3))
      db_.add(name);
    run();
    db_.prepare(rollup_statements());
    db_.prepare(job_statements());
    db_.prepare(rollup_run_statements());
  }

  rollup_counts gather();
  void write();
  void release();

private:
  void run() {
    const auto limit = db_.within_statement_timeout();
    db_.run();
  }
  void step(const std::string& what);
  void with_days_locked(const std::function<void()>& queue);
  void take_days();
  void count_day(const std::string& day);
  void compute(const dated_step& x);
  void list_dates();
  void enqueue_news();

  const rollup_task& task_;
  const job_lease* lease_;
  const std::function<bool()>& stopping_;
  std::string date_, window_days_, scored_with_, decay_, fork_weight_;
  pipeline db_;
  std::vector<std::string> days_; ///< whose events are read
  std::vector<dated_step> dates_; ///< the oldest first
  std::size_t steps_done_ = 0;
  std::size_t steps_total_ = 0;
  rollup_counts counts_;
};

/// Tells how far the rollup is, and begins the next step.
void rollup::step(const std::string& what) {
  if (stopping_())
    throw rollup_stopped{};
  if (lease_ == nullptr)
    return;
  note_rollup_progress(db_, *lease_, what, steps_done_++, steps_total_);
  run();
}

/// Runs what `queue` queues in a transaction behind the job's fence, while nobody adds to a day.
void rollup::with_days_locked(const std::function<void()>& queue) {
  for (auto tries = 1;; ++tries) {
    db_.add("begin");
    fence_job(db_, *lease_);
    db_.add(rollup_sql::wait_briefly);
    db_.add(rollup_sql::lock_days);
    queue();
    db_.add("commit");
    try {
      return run();
    } catch (const statement_error& e) {
      if (e.sqlstate() != lock_not_available || tries == lock_tries_max)
        throw;
      db_.roll_back();
    }
  }
}

/// A transaction of its own and a short one: events of the days wait for it. What comes later marks its day anew.
void rollup::take_days() {
  const auto first = date_text(task_.order.date - std::chrono::days{task_.order.days - 1});
  const auto force = std::string{task_.order.force ? "true" : "false"};
  const auto kept_from = date_text(task_.events_kept_from);
  struct taken_day {
    std::string day;
    bool anew = false;  // never counted
    bool moved = false; // dates are computed because of it, whatever it comes to
  };
  auto taken = std::vector<taken_day>{};
  const auto read = [&](const answer& rows) {
    for (auto i = 0; i < rows.rows(); ++i)
      taken.push_back({std::string{rows.text(i, 0)}, rows.text(i, 1) == "t", rows.text(i, 2) == "t"});
  };
  if (lease_ == nullptr) {
    db_.add(rollup_sql::see_days, {text(date_), text(first), text(force)}, read);
    run();
  } else {
    with_days_locked([&] { db_.add(rollup_sql::take_days, {text(date_), text(first), text(lease_->token), text(force)}, read); });
  }
  for (const auto& [day, anew, moved] : taken) {
    const auto counted = anew || day >= kept_from; // retention takes no day that was never counted
    db_.add(rollup_sql::add_day, {text(day), text(counted ? "true" : "false"), text(counted && moved ? "true" : "false")});
    if (counted)
      days_.push_back(day);
  }
  db_.add(rollup_sql::weigh_days);
  run();
}

void rollup::count_day(const std::string& day) {
  const auto views_max = std::to_string(task_.settings.views_per_day_max);
  db_.add(rollup_sql::count_day, {text(day), text(views_max), text(fork_weight_)});
  run();
  failpoint("rollup_counted");
}

void rollup::list_dates() {
  db_.add(rollup_sql::find_differences);
  db_.add(rollup_sql::find_moved);
  db_.add(rollup_sql::find_totals, {text(fork_weight_)});
  db_.add(rollup_sql::sum_counts, {}, [this](const answer& rows) { counts_.events_counted = rows.integer(0, 0); });
  db_.add(rollup_sql::list_dates, {text(date_), text(window_days_), text(scored_with_)}, [this](const answer& rows) {
    for (auto i = 0; i < rows.rows(); ++i)
      dates_.push_back({std::string{rows.text(i, 0)}, rows.text(i, 1) == "t"});
  });
  run();
}

void rollup::compute(const dated_step& x) {
  db_.add(rollup_sql::empty_sums);
  db_.add(rollup_sql::sum_date, {text(x.date), text(window_days_), text(decay_), text(fork_weight_)});
  if (x.scored) {
    db_.add(rollup_sql::compare_rules, {text(x.date)});
    db_.add(rollup_sql::compare_authors, {text(x.date), text(task_.settings.currency)});
    ++counts_.days_scored;
  }
  db_.add(rollup_sql::compare_boards, {text(x.date)});
  run();
}

rollup_counts rollup::gather() {
  take_days();
  steps_total_ = days_.size() + 2;
  for (const auto& day : days_) {
    step("counting " + day);
    count_day(day);
  }
  counts_.days_counted = static_cast<std::int64_t>(days_.size());
  step("choosing dates");
  list_dates();
  steps_total_ += dates_.size();
  for (const auto& x : dates_) {
    step((x.scored ? "scoring " : "ranking ") + x.date);
    compute(x);
  }
  db_.add(rollup_sql::count_changes, {}, [this](const answer& rows) {
    counts_.rule_rows_written = rows.integer(0, 0);
    counts_.rule_rows_removed = rows.integer(0, 1);
    counts_.author_rows_written = rows.integer(0, 2);
    counts_.author_rows_removed = rows.integer(0, 3);
    counts_.leaderboards_written = rows.integer(0, 4);
  });
  run();
  return counts_;
}

/// Each rule is told of once for a period and date.
void rollup::enqueue_news() {
  auto news = std::vector<new_job>{};
  db_.add(rollup_sql::entered, {text(date_)}, [&](const answer& rows) {
    for (auto i = 0; i < rows.rows(); ++i) {
      const auto data = json_object{}
                            .add("period", rows.text(i, 0))
                            .add("date", date_)
                            .add("rank", rows.integer(i, 1))
                            .add("rule_id", rows.text(i, 2))
                            .add_raw("points", rows.text(i, 3))
                            .text();
      const auto once = std::string{rows.text(i, 0)} + '/' + date_ + '/' + std::string{rows.text(i, 2)};
      news.push_back(notification_job("leaderboard.entered", data, task_.now, once));
    }
  });
  run();
  enqueue_jobs(db_, news);
}

void rollup::write() {
  step("writing");
  db_.add("begin");
  fence_job(db_, *lease_);
  for (const auto& x : dates_) {
    db_.add(rollup_sql::remove_rules, {text(x.date)});
    db_.add(rollup_sql::update_rules, {text(x.date)});
  }
  for (const auto* statement : {rollup_sql::insert_rules, rollup_sql::remove_authors, rollup_sql::write_authors,
                                rollup_sql::write_totals, rollup_sql::write_boards})
    db_.add(statement);
  if (task_.notify)
    enqueue_news();
  run();
  failpoint("rollup_before_commit");
  db_.add("commit");
  run();
  failpoint("rollup_written");
}

void rollup::release() {
  auto scored = text_array{};
  for (const auto& x : dates_)
    if (x.scored)
      scored.add(x.date);
  const auto result = counts_json(counts_);
  auto done = job_completion{};
  done.lease = *lease_;
  done.result = result;
  with_days_locked([&] {
    db_.add(rollup_sql::release_days, {text(lease_->token)});
    db_.add(rollup_sql::note_scores, {scored.parameter(), text(scored_with_), text(window_days_)});
    db_.add(rollup_sql::outdate_scores, {text(date_), text(window_days_)});
    note_rollup_success(db_, *lease_, result);
    complete_jobs(db_, {&done, 1});
  });
}

} // namespace

rollup_task rollup_task_of(const rollup_order& order, const ::ingot::settings& config, timestamp now) {
  const auto kept_from = std::chrono::floor<std::chrono::days>(now) - std::chrono::days{config.retention.events_days};
  return {order, config.rollup, kept_from, !config.application.notify_url.empty(), now};
}

rollup_counts run_rollup(const std::string& url, const database_settings& database, const rollup_task& task,
                         const job_lease& lease, const std::function<bool()>& stopping) {
  auto x = rollup{url, database, task, &lease, stopping};
  const auto counts = x.gather();
  x.write();
  x.release();
  return counts;
}

rollup_counts preview_rollup(const std::string& url, const database_settings& database, const rollup_task& task,
                             const std::function<bool()>& stopping) {
  return rollup{url, database, task, nullptr, stopping}.gather();
}

} // namespace ingot::storage
