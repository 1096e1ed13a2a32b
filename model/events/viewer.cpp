#include "model/events/viewer.hpp"

#include "model/signature.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace ingot::events {

namespace {

std::string_view bytes_of(const std::array<unsigned char, 32>& x) {
  return {reinterpret_cast<const char*>(x.data()), x.size()};
}

std::string day_text(std::chrono::sys_days day) {
  return to_rfc3339(timestamp{day}).substr(0, 10);
}

/// A thread keeps the key of the period that it hashed for last: mostly it is today's.
const hmac_sha256& keyed(const std::string& master_key, std::chrono::sys_days period) {
  thread_local auto of = std::pair<std::string, std::chrono::sys_days>{};
  thread_local auto kept = std::optional<hmac_sha256>{};
  if (!kept || of.second != period || of.first != master_key) {
    const auto key = hmac_sha256{master_key}("client addresses of events, from " + day_text(period));
    kept.emplace(bytes_of(key));
    of = {master_key, period};
  }
  return *kept;
}

std::optional<viewer_id> from_hex(std::string_view text) {
  auto out = viewer_id{};
  if (text.size() != out.size() * 2)
    return std::nullopt;
  for (auto i = std::size_t{0}; i < out.size(); ++i) {
    const auto* at = text.data() + i * 2;
    if (std::from_chars(at, at + 2, out[i], 16).ptr != at + 2)
      return std::nullopt;
  }
  return out;
}

} // namespace

const viewer_id& viewer::in(std::chrono::sys_days period) const {
  for (const auto& [of, id] : ids_)
    if (of == period)
      return id;
  throw std::logic_error{"a viewer was not hashed for a period"};
}

bool viewer::knows(std::chrono::sys_days period) const noexcept {
  return std::any_of(ids_.begin(), ids_.end(), [&](const auto& x) { return x.first == period; });
}

std::chrono::sys_days viewer::nearest(std::chrono::sys_days period) const {
  if (ids_.empty())
    throw std::logic_error{"a viewer was hashed for no period"};
  const auto distance = [&](const auto& x) { return x.first < period ? period - x.first : x.first - period; };
  return std::min_element(ids_.begin(), ids_.end(), [&](const auto& a, const auto& b) { return distance(a) < distance(b); })
      ->first;
}

void viewer::add(std::chrono::sys_days period, const viewer_id& id) {
  ids_.emplace_back(period, id);
}

std::string viewer::text() const {
  auto out = std::string{};
  for (const auto& [period, id] : ids_)
    out += (out.empty() ? "" : " ") + day_text(period) + '=' + to_hex({reinterpret_cast<const char*>(id.data()), id.size()});
  return out;
}

std::optional<viewer> viewer::from_text(std::string_view text) {
  constexpr auto item_bytes = std::size_t{10 + 1 + 32};
  auto out = viewer{};
  while (!text.empty()) {
    const auto item = text.substr(0, item_bytes);
    if (item.size() != item_bytes || item[10] != '=')
      return std::nullopt;
    const auto day = parse_rfc3339(std::string{item.substr(0, 10)}.append("T00:00:00Z"));
    const auto id = from_hex(item.substr(11));
    if (!day || !id)
      return std::nullopt;
    out.add(std::chrono::floor<std::chrono::days>(*day), *id);
    text.remove_prefix(item_bytes);
    if (!text.empty() && text.front() != ' ')
      return std::nullopt;
    text.remove_prefix(std::min<std::size_t>(1, text.size()));
  }
  return out;
}

viewer_hasher::viewer_hasher(std::string master_key, unsigned period_days)
    : master_key_{std::move(master_key)}, period_days_{static_cast<int>(std::max(period_days, 1u))} {}

std::chrono::sys_days viewer_hasher::period_of(timestamp at) const noexcept {
  const auto day = std::chrono::floor<std::chrono::days>(at).time_since_epoch();
  return std::chrono::sys_days{std::chrono::days{day / period_days_ * period_days_.count()}};
}

viewer_id viewer_hasher::hash(const ip_address& who, std::chrono::sys_days period) const {
  auto client = std::string{who.is_v6 ? '6' : '4'};
  client.append(reinterpret_cast<const char*>(who.bytes.data()), who.is_v6 ? 8 : 4);
  const auto whole = keyed(master_key_, period)(client);
  auto out = viewer_id{};
  std::memcpy(out.data(), whole.data(), out.size());
  return out;
}

} // namespace ingot::events
