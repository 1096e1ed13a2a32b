#include "model/github/merge_repository.hpp"

#include "model/digest.hpp"

#include <algorithm>
#include <utility>

namespace ingot::github {

namespace {

std::uint64_t digest_of_columns(const repository_snapshot& x) {
  auto d = digest{};
  d << x.name << x.full_name << x.owner << x.description << x.language << x.is_private << x.archived << x.default_branch
    << x.html_url << x.stars << x.forks;
  return d.value();
}

/// Orders snapshots of equal stamp by `then`, and those of equal `then` by content: seconds in the upper 34 bits, content below.
std::uint64_t tie_break(std::optional<timestamp> then, std::uint64_t content) {
  constexpr std::int64_t seconds_max = (std::int64_t{1} << 34) - 1;
  const auto seconds = then ? std::chrono::floor<std::chrono::seconds>(*then).time_since_epoch().count() : 0;
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(seconds, 0, seconds_max)) << 30 | content >> 34;
}

/// A mention without updated_at is below every snapshot that has one; among mentions the later counts.
stamp stamp_of(const repository_snapshot& said, const event& x) {
  const auto content = digest_of_columns(said);
  if (!said.updated_at)
    return {timestamp{}, -1, tie_break(x.occurred_at, content)};
  const auto* moved = std::get_if<repository_event>(&x.fact);
  // updated_at stands still while a repository is pushed to.
  return {*said.updated_at, static_cast<std::int8_t>(moved ? std::clamp(moved->rank, 0, 127) : 0),
          tie_break(said.pushed_at, content)};
}

template <class T>
bool raise(T& known, const T& said) {
  if (said <= known)
    return false;
  known = said;
  return true;
}

} // namespace

repository_gain merge_repository(repository_state& known, const event& x) {
  const auto& said = *x.repository;
  const auto at = x.occurred_at ? *x.occurred_at : said.updated_at.value_or(timestamp{});
  auto gain = repository_gain{};
  gain.anything = raise(known.columns, stamp_of(said, x));
  if (gain.anything) {
    const auto content = digest_of_columns(said);
    // A name that was taken from it is asked for again.
    gain.columns = content != std::exchange(known.content, content) || known.full_name != said.full_name;
  }
  gain.anything |= !known.exists;
  gain.anything |= raise(known.last_activity, x.occurred_at);
  if (x.installation_id && raise(known.installation, {at, 0, static_cast<std::uint64_t>(*x.installation_id)})) {
    known.installation_id = x.installation_id;
    gain.anything = true;
  }
  const auto* moved = std::get_if<repository_event>(&x.fact);
  if (moved && moved->deleted)
    gain.anything |= raise(known.deleted, {at, 0, 0});
  return gain;
}

bool is_deleted(const repository_state& known) noexcept {
  return known.deleted.rank >= 0;
}

} // namespace ingot::github
