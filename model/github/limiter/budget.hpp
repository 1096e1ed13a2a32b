#pragma once

#include "model/github/limiter/leased_points.hpp"
#include "model/github/limiter/limiter.hpp"

#include <deque>
#include <unordered_set>

namespace ingot::github::limiter {

/// One budget at one node: what is leased, who waits, what is to be told to the row.
class budget : public std::enable_shared_from_this<budget> {
public:
  budget(std::string name, const limits& of, microseconds wait_max, timestamp now);

  const std::string& name() const noexcept { return name_; }

  void ask(std::uint64_t ticket, const permit_order& x, timestamp now, std::vector<outcome>& into);
  void settle(const permit_mark& x, const rate_news& news, timestamp now, bool lost);

  /// Refuses who has waited too long or waits in vain, then grants what can be granted.
  void attend(timestamp now, std::vector<outcome>& into);

  /// When the row should be asked or told; nothing: not now, or it is being asked.
  std::optional<timestamp> report_at(timestamp now) const;
  /// When attend() or a report has something to do without being told.
  std::optional<timestamp> due_at(timestamp now) const;
  bool forgettable(timestamp now) const;

  report make_report(const std::string& node, timestamp now);
  report make_last_report(const std::string& node, timestamp now);
  void learn(const answer& x, timestamp now);
  void failed(timestamp now);

  budget_view view(timestamp now) const;
  std::size_t waiting() const noexcept { return tickets_.size(); }
  const waiting_lines& lines(resource x) const { return parts_[static_cast<std::size_t>(x)].lines; }

  bool listed = false;            ///< among those to be reported
  std::optional<timestamp> noted; ///< in the agenda

private:
  struct part {
    waiting_lines lines;
    std::int64_t open = 0, urgent = 0; ///< requests leased and not granted: for all, for webhook and manual only
    leased_points points;
    std::int64_t in_flight = 0;
    std::int64_t settled = 0; ///< since the last report
    std::int64_t told = 0;    ///< by the report that is under way
    std::int64_t granted = 0;
    std::int64_t taken = 0, taken_background = 0; ///< granted since the last report: as many are likely to be wanted again
    unsigned unlabelled = 0;                      ///< answers without a limit, one after the other
    std::optional<observation> seen;
    std::optional<timestamp> exhausted, exhausted_background; ///< until then nothing is left (above the reserve)
    answer::part row;                                         ///< as the row was at the last exchange
  };
  struct expiry {
    timestamp at;
    resource from;
    contents::urgency how;
    std::string repository;
    std::uint64_t ticket;
  };

  part& of(resource x) { return parts_[static_cast<std::size_t>(x)]; }
  bool leased(timestamp now) const noexcept { return now < lease_until_; }
  bool may(part& p, contents::urgency x, timestamp now);
  void grant(resource from, contents::urgency x, timestamp now, std::vector<outcome>& into);
  void grant_all(resource from, timestamp now, std::vector<outcome>& into);
  void expire(timestamp now, std::vector<outcome>& into);
  void drop_stale_expiries();
  void follow_clock(timestamp now);
  std::optional<timestamp> closed_until(resource from, contents::urgency how, timestamp now) const;
  struct lack {
    bool leases = false;  ///< of requests or points
    bool at_once = false; ///< of those alone
  };
  lack lacks(timestamp now) const;
  void take_note(part& p, const permit_mark& x, const rate_news& news);
  void want(report::part& out, part& p, timestamp now);

  std::string name_;
  limits limits_;
  microseconds wait_max_;
  std::array<part, resources> parts_;
  std::unordered_set<std::uint64_t> tickets_; ///< of those who wait
  std::deque<expiry> expiries_;               ///< in the order of their times; of some the wait is over already
  penalty blocked_;
  bool blocked_news_ = false;
  std::int64_t in_flight_ = 0, background_in_flight_ = 0, at_once_ = 0, at_once_asked_ = 0;
  timestamp lease_until_{}, exchanged_at_{}, active_at_;
  bool exchanging_ = false, has_lease_ = false;
  bool granted_since_ = false; ///< the last exchange
  bool graphql_first_ = false;
};

} // namespace ingot::github::limiter
