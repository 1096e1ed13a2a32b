#include "model/stripe/donation_book.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ingot::stripe {

void donation_book::know_object(std::string_view object, std::string_view donation) {
  stored_objects_.emplace(object, donation);
  objects_.emplace(object, donation);
}

void donation_book::know_donation(std::string_view id, std::string_view facts) {
  const auto& known = stored_.emplace(id, decode_facts(facts)).first->second;
  entries_.emplace(id, entry{known, {std::string{id}}});
  // What a row names as its objects is stored as such.
  for (const auto& object : known.objects)
    know_object(object, id);
}

const std::string& donation_book::add(const donation_facts& said) {
  auto whole = entry{said, {}};
  for (const auto& object : said.objects) {
    const auto donation = objects_.find(object);
    const auto known = donation == objects_.end() ? entries_.end() : entries_.find(donation->second);
    if (known == entries_.end())
      continue;
    join(whole.facts, known->second.facts);
    whole.rows.merge(known->second.rows);
    entries_.erase(known);
  }
  const auto id = donation_id(whole.facts.objects);
  for (const auto& object : whole.facts.objects)
    objects_[object] = id;
  return entries_.insert_or_assign(id, std::move(whole)).first->first;
}

donation_book::changes donation_book::take_changes() const {
  auto out = changes{};
  for (const auto& [id, x] : entries_) {
    const auto same = stored_.find(id);
    if (x.rows.size() == 1 && same != stored_.end() && same->second == x.facts)
      continue;
    auto& made = out.donations.emplace_back();
    for (const auto& row : x.rows) {
      made.before.push_back(project(stored_.find(row)->second));
      if (row != id)
        out.gone.push_back(row);
    }
    made.now = project(x.facts);
    made.facts = encode_facts(x.facts);
  }
  for (const auto& [object, donation] : objects_)
    if (const auto stored = stored_objects_.find(object); stored == stored_objects_.end() || stored->second != donation)
      out.moved.push_back({object, donation});
  return out;
}

bool donation_book::change::newly_paid() const {
  return now.paid_at && std::none_of(before.begin(), before.end(), [](const auto& x) { return x.paid_at.has_value(); });
}

bool donation_book::change::newly_refunded() const {
  auto most = std::int64_t{0};
  for (const auto& x : before)
    most = std::max(most, x.amount_refunded);
  return now.amount_refunded > most;
}

std::set<std::chrono::sys_days> donation_book::change::days() const {
  auto out = std::set<std::chrono::sys_days>{};
  const auto add = [&](const donation& x) {
    if (x.paid_at)
      out.insert(std::chrono::floor<std::chrono::days>(*x.paid_at));
  };
  if (!visible())
    return out;
  std::for_each(before.begin(), before.end(), add);
  add(now);
  return out;
}

} // namespace ingot::stripe
