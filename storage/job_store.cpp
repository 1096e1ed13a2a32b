#include "storage/job_store.hpp"

#include "storage/write_session.hpp"

#include <utility>

namespace ingot::storage {

namespace {

/// What deadlocks is tried again so often.
constexpr auto attempts_max = 3;

class postgres_job_store final : public job_store {
public:
  postgres_job_store(const std::string& url, const database_settings& settings)
      : db_{url, settings, write_statements({job_statements()})} {
    plan_once(db_);
  }

  job_turn turn(std::span<const job_completion> completions, std::span<const job_quota> kinds, std::size_t jobs_max,
                std::chrono::milliseconds lease) override {
    auto found = job_turn{};
    in_transaction([&] {
      complete_free_jobs(db_, completions, [&](const jobs_left& left) { found.left = left; });
      claim_jobs(db_, kinds, jobs_max, lease, [&](std::vector<claimed_job> jobs) { found.claimed = std::move(jobs); });
    });
    return found;
  }

  void renew(std::span<const job_lease> leases, std::chrono::milliseconds lease) override {
    in_transaction([&] { renew_jobs(db_, leases, lease); });
  }

  void release(std::span<const job_lease> leases) override {
    in_transaction([&] { release_jobs(db_, leases); });
  }

private:
  template <class Queue>
  void in_transaction(Queue queue) {
    const auto limit = db_.within_statement_timeout();
    for (auto attempt = 1;; ++attempt) {
      try {
        db_.add("begin");
        queue();
        db_.add("commit");
        db_.run();
        return;
      } catch (const std::exception& e) {
        db_.roll_back();
        if (classify(e) != sql_remedy::retry || attempt == attempts_max)
          throw store_error{classify(e), describe(e)};
      }
    }
  }

  pipeline db_;
};

} // namespace

std::unique_ptr<job_store> open_job_store(const std::string& url, const database_settings& settings) {
  try {
    return std::make_unique<postgres_job_store>(url, settings);
  } catch (const std::exception& e) {
    throw store_error{sql_remedy::reconnect, describe(e)};
  }
}

} // namespace ingot::storage
