#include "model/stripe/donation.hpp"

#include "model/json_object.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ingot::stripe {

namespace {

template <class Said>
void keep_greater(Said& to, const Said& more) {
  to = std::max(to, more);
}

void keep_earlier(std::optional<timestamp>& to, const std::optional<timestamp>& more) {
  if (more && (!to || *more < *to))
    to = more;
}

template <class Said>
void join_by_id(std::map<std::string, Said>& to, const std::map<std::string, Said>& more) {
  for (const auto& [id, said] : more)
    keep_greater(to[id], said);
  // By id: what is dropped depends on the set alone, not on the order in which it was gathered.
  while (to.size() > donation_facts::entries_max)
    to.erase(to.begin());
}

/// What a charge said was refunded, less the refunds that it counted and that failed later.
std::int64_t held_of(const refunded_total& said, const donation_facts& facts) {
  auto held = said.amount;
  for (const auto& [id, refund] : facts.refunds)
    if (refund.state == refund_state::failed && refund.made_at <= said.at && refund.at >= said.at)
      held -= refund.amount;
  return held;
}

std::int64_t refunded_of(const donation_facts& facts) {
  auto known = std::int64_t{0};
  for (const auto& [id, refund] : facts.refunds)
    if (refund.state == refund_state::succeeded)
      known += refund.amount;
  for (const auto& said : facts.refunded_totals)
    known = std::max(known, held_of(said, facts));
  return known;
}

/// Lost counts more than open, open more than anything that ended well; then the later one.
int weight_of(const said_dispute& x) {
  if (!x.closed)
    return 1;
  return x.status == "lost" ? 2 : 0;
}

const said_dispute* dispute_that_counts(const donation_facts& facts) {
  const said_dispute* found = nullptr;
  for (const auto& [id, dispute] : facts.disputes)
    if (found == nullptr || std::pair{weight_of(*found), *found} < std::pair{weight_of(dispute), dispute})
      found = &dispute;
  return found;
}

/// A refund or a dispute is of money that was paid.
bool is_paid(const donation_facts& facts) {
  const auto succeeded = [](const auto& x) { return x.second.state != refund_state::pending; };
  return facts.paid_at || facts.charged_at || !facts.refunded_totals.empty() || !facts.disputes.empty() ||
         std::any_of(facts.refunds.begin(), facts.refunds.end(), succeeded);
}

donation_status status_of(const donation& x, const donation_facts& facts, const said_dispute* dispute) {
  if (dispute != nullptr && weight_of(*dispute) > 0)
    return donation_status::disputed;
  if (!is_paid(facts))
    return facts.failure ? donation_status::failed : donation_status::pending;
  if (x.amount_refunded <= 0)
    return donation_status::succeeded;
  return x.amount && x.amount_refunded >= *x.amount ? donation_status::refunded : donation_status::partially_refunded;
}

/// Payment intents name payments best, then Checkout Sessions, then charges.
int rank_of(std::string_view id) {
  return id.starts_with("pi_") ? 0 : id.starts_with("cs_") ? 1 : 2;
}

} // namespace

void join(donation_facts& to, const donation_facts& more) {
  to.objects.insert(more.objects.begin(), more.objects.end());
  keep_greater(to.from_user, more.from_user);
  keep_greater(to.to_user, more.to_user);
  keep_greater(to.rule, more.rule);
  keep_greater(to.amount, more.amount);
  keep_earlier(to.paid_at, more.paid_at);
  keep_earlier(to.charged_at, more.charged_at);
  keep_greater(to.failure, more.failure);
  to.refunded_totals.insert(more.refunded_totals.begin(), more.refunded_totals.end());
  while (to.refunded_totals.size() > donation_facts::entries_max)
    to.refunded_totals.erase(to.refunded_totals.begin());
  join_by_id(to.refunds, more.refunds);
  join_by_id(to.disputes, more.disputes);
  to.livemode = to.livemode || more.livemode;
}

std::string_view to_string(donation_status x) noexcept {
  switch (x) {
  case donation_status::pending:
    return "pending";
  case donation_status::succeeded:
    return "succeeded";
  case donation_status::failed:
    return "failed";
  case donation_status::refunded:
    return "refunded";
  case donation_status::partially_refunded:
    return "partially_refunded";
  case donation_status::disputed:
    return "disputed";
  }
  return "pending";
}

donation project(const donation_facts& facts) {
  auto out = donation{};
  out.id = donation_id(facts.objects);
  if (facts.amount.rank != source_rank::nothing) {
    out.amount = facts.amount.amount;
    out.currency = facts.amount.currency;
  }
  out.amount_refunded = refunded_of(facts);
  out.from_user_id = facts.from_user.text;
  out.to_user_id = facts.to_user.text;
  out.rule_id = facts.rule.text;
  out.paid_at = facts.paid_at ? facts.paid_at : facts.charged_at;
  const auto* dispute = dispute_that_counts(facts);
  if (dispute != nullptr)
    out.dispute = dispute->status;
  out.status = status_of(out, facts, dispute);
  if (out.status == donation_status::failed)
    out.failure = facts.failure->reason;
  out.livemode = facts.livemode;
  return out;
}

const std::string& donation_id(const std::set<std::string>& objects) {
  return *std::min_element(objects.begin(), objects.end(), [](const auto& a, const auto& b) {
    return std::pair{rank_of(a), std::string_view{a}} < std::pair{rank_of(b), std::string_view{b}};
  });
}

std::string to_json(const donation& x) {
  auto out = json_object{};
  out.add("id", x.id).add("status", to_string(x.status));
  if (x.amount)
    out.add("amount", *x.amount);
  else
    out.add_raw("amount", "null");
  return out.add_unless_empty("currency", x.currency)
      .add("amount_refunded", x.amount_refunded)
      .add_unless_empty("from_user_id", x.from_user_id)
      .add_unless_empty("to_user_id", x.to_user_id)
      .add_unless_empty("rule_id", x.rule_id)
      .add("paid_at", x.paid_at)
      .add("livemode", x.livemode)
      .text();
}

} // namespace ingot::stripe
