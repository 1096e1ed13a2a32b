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
    // The first look reads all that GitHub redelivers; so does one after a clock that was ahead: nobody has listed what is to
    // come.
    auto known = storage::load_receipt(*db_, hook_);
    if (known && (!known->has_succeeded() || known->listed_through > now_))
      known.reset();
    const auto from = known ? known->listed_through - overlap : now_ - github::redelivery_window;
    try {
      const auto listed = read_log(from);
      if (known && known->listed_through < listed.from)
        lose_unlisted(known->listed_through, listed.from);
      storage::conclude_look(*db_, hook_, listed.through, now_, &lease_); // it is read, whatever becomes of the asking
      ask_again();
      storage::conclude_look(*db_, hook_, listed.through, now_, &lease_); // what was given up holds nothing up any more
    } catch (const contents::provider_error& e) {
      storage::note_failed_look(*db_, hook_, e.what(), from, now_, &lease_);
      throw;
    }
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

  /// What was listed without a gap.
  struct listed_time {
    timestamp from, through;
  };

  /// The newest come first.
  listed_time read_log(timestamp from) {
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
    if (reached) {
      const auto redelivered_from = now_ - github::redelivery_window; // what lies behind it, some servers list and others do not
      return {all.empty() ? redelivered_from : std::min(all.back().delivered_at, redelivered_from),
              now_ - github::delivered_grace};
    }
    log::warn("GitHub's log of deliveries is longer than one look reads",
              {{"hook", hook_}, {"attempts", static_cast<std::int64_t>(attempts_)}});
    return {from, from};
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
        lose(x, *why);
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
      context_.counters.deliveries_redelivered.add();
      ++asked_;
    } catch (const contents::provider_error& e) {
      if (e.kind() != contents::trouble::gone && e.kind() != contents::trouble::permanent)
        throw;
      lose(x, e.what());
      --missing_;
    }
  }

  /// Counted at once: the look may fail still, and the next one sees what was given up no more.
  void lose(const github::missed_delivery& x, const std::string& why) {
    storage::give_up(*db_, hook_, x.guid, why, &lease_);
    context_.counters.deliveries_lost.add();
    log::warn("a delivery of GitHub's is lost", {{"delivery", x.guid}, {"github_event", x.event}, {"reason", why}});
    ++given_up_;
  }

  /// Nobody can tell what GitHub made in that time. It counts as one delivery.
  void lose_unlisted(timestamp from, timestamp until) {
    const auto why = "GitHub's log no longer lists what it delivered from " + to_rfc3339(from) + " until " + to_rfc3339(until);
    if (!storage::note_unlisted(*db_, hook_, from, until, why, &lease_))
      return;
    context_.counters.deliveries_lost.add();
    log::warn("deliveries of GitHub's are lost", {{"hook", hook_}, {"reason", why}});
    ++given_up_;
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

bool checks_deliveries(const github_api_settings& x) {
  return x.deliveries_interval.count() > 0 && !(x.hook.empty() ? x.app_id : x.token).empty();
}

job_outcome check_deliveries(const claimed_job& job, const node_context& context) {
  return delivery_look{job.lease, context}.run();
}

} // namespace ingot
