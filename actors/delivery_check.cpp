#include "actors/delivery_check.hpp"

#include "model/json_object.hpp"
#include "net/github/api.hpp"
#include "storage/delivery_receipt.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <unordered_set>

namespace ingot {

namespace {

/// What a look reads again of what was read: the log may be a moment behind.
constexpr auto overlap = std::chrono::minutes{5};

/// Guids that the database is asked for at once.
constexpr std::size_t guids_at_once = 1'000;

/// One look.
class delivery_look {
public:
  delivery_look(const job_lease& lease, const node_context& context)
      : lease_{lease}, context_{context}, hook_{context.config.github_api.hook}, now_{context.now()},
        db_{context.open_connection()}, api_{*context.github, *context.tokens, *context.permits, caller()} {}

  job_outcome run() {
    const auto known = storage::load_receipt(*db_, hook_);
    const auto from = known ? std::min(known->listed_through, now_) - overlap : now_ - github::redelivery_window;
    try {
      const auto listed_through = read_log(from);
      ask_again();
      storage::conclude_look(*db_, hook_, listed_through, now_, &lease_);
    } catch (const contents::provider_error& e) {
      storage::note_failed_look(*db_, hook_, e.what(), from, now_, &lease_);
      throw;
    }
    count();
    return job_succeeded{json_object{}
                             .add("attempts", attempts_)
                             .add("missing", missing_)
                             .add("asked", asked_)
                             .add("unrecoverable", given_up_)
                             .add("requests", api_.cost().requests)
                             .text()};
  }

private:
  github::caller caller() const { return {0, hook_.empty(), contents::urgency::fallback, {}}; }

  /// The newest come first. @returns up to when nothing was left out
  timestamp read_log(timestamp from) {
    auto all = std::vector<github::api::hook_delivery>{};
    auto next = std::string{};
    auto reached = false;
    for (auto pages = 0u; pages < log_pages_max && !reached; ++pages) {
      auto page = api_.deliveries(hook_, next);
      attempts_ += page.items.size();
      reached = page.next.empty() || (!page.items.empty() && page.items.back().delivered_at < from);
      std::move(page.items.begin(), page.items.end(), std::back_inserter(all));
      next = std::move(page.next);
    }
    note_missed(github::group_attempts(all));
    if (reached)
      return now_ - github::delivered_grace;
    log::warn("GitHub's log of deliveries is longer than one look reads",
              {{"hook", hook_}, {"attempts", static_cast<std::int64_t>(attempts_)}});
    return from;
  }

  void note_missed(const std::vector<github::logged_delivery>& listed) {
    for (auto i = std::size_t{0}; i < listed.size(); i += guids_at_once) {
      const auto part = std::span{listed}.subspan(i, std::min(guids_at_once, listed.size() - i));
      auto guids = std::vector<std::string>{};
      for (const auto& x : part)
        guids.push_back(x.guid);
      const auto unknown = storage::unknown_guids(*db_, guids);
      const auto absent = std::unordered_set<std::string_view>{unknown.begin(), unknown.end()};
      auto missed = std::vector<github::logged_delivery>{};
      for (const auto& x : part)
        if (absent.contains(x.guid) && github::is_missing(x, now_))
          missed.push_back(x);
      storage::note_missed(*db_, hook_, missed, &lease_);
    }
  }

  void ask_again() {
    for (const auto& x : storage::missed_deliveries(*db_, hook_, redelivered_max * 10)) {
      if (!x.unrecoverable.empty())
        continue;
      if (const auto why = github::judge_missed(x, now_)) {
        storage::give_up(*db_, hook_, x.guid, *why, &lease_);
        log::warn("a delivery of GitHub's is lost", {{"delivery", x.guid}, {"github_event", x.event}, {"reason", *why}});
        ++given_up_;
        continue;
      }
      ++missing_;
      if (asked_ < redelivered_max && github::is_due(x, now_))
        ask(x);
    }
  }

  void ask(const github::missed_delivery& x) {
    storage::note_asked(*db_, hook_, x.guid, now_, &lease_);
    try {
      api_.redeliver(hook_, x.delivery_id);
      ++asked_;
    } catch (const contents::provider_error& e) {
      if (e.kind() != contents::trouble::gone && e.kind() != contents::trouble::permanent)
        throw;
      storage::give_up(*db_, hook_, x.guid, e.what(), &lease_);
      ++given_up_;
    }
  }

  void count() const {
    auto& counters = context_.counters;
    counters.deliveries_missing.set(static_cast<double>(missing_));
    counters.deliveries_redelivered.add(static_cast<double>(asked_));
    counters.deliveries_lost.add(static_cast<double>(given_up_));
    if (const auto receipt = storage::load_receipt(*db_, hook_))
      counters.deliveries_complete_through.set(
          std::chrono::duration<double>(receipt->complete_through.time_since_epoch()).count());
  }

  const job_lease& lease_;
  const node_context& context_;
  const std::string hook_;
  const timestamp now_;
  std::unique_ptr<storage::connection> db_;
  github::api_session api_;
  std::size_t attempts_ = 0, missing_ = 0, asked_ = 0, given_up_ = 0;
};

} // namespace

job_outcome check_deliveries(const claimed_job& job, const node_context& context) {
  return delivery_look{job.lease, context}.run();
}

} // namespace ingot
