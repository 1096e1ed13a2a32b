#include "model/github/history.hpp"

#include "model/digest.hpp"
#include "model/json_write.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace ingot::github {

namespace {

constexpr std::size_t text_bytes_max = 200;
constexpr std::size_t login_bytes_max = 100;
constexpr std::size_t sha_text_bytes_max = 64;
constexpr std::size_t delivery_bytes_max = 100;

/// All but the delivery: what makes two entries the same fact.
auto fact_of(const history_entry& x) {
  return std::tie(x.at, x.rank, x.field, x.value, x.source, x.by, x.sha);
}

void cut(std::string& text, std::size_t bytes_max) {
  text.resize(cut_utf8(text, bytes_max).size());
}

/// Per field, something of type T. A row has few fields, so a line of them is quicker than a map.
template <class T>
class per_field {
public:
  T& operator[](std::string_view field) {
    for (auto& [name, value] : values_)
      if (name == field)
        return value;
    return values_.emplace_back(field, T{}).second;
  }

private:
  std::vector<std::pair<std::string_view, T>> values_;
};

void forget_old(std::vector<history_entry>& entries, std::size_t newest) {
  constexpr int newest_of_field = 2;
  auto keep = std::vector<char>(entries.size());
  auto seen = per_field<int>{};
  for (std::size_t i = entries.size(); i-- > 0;)
    keep[i] = seen[entries[i].field]++ < newest_of_field || entries.size() - i <= newest;
  auto oldest_seen = per_field<bool>{};
  for (std::size_t i = 0; i < entries.size(); ++i)
    keep[i] |= !std::exchange(oldest_seen[entries[i].field], true);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (keep[i] && kept++ != i)
      entries[kept - 1] = std::move(entries[i]);
  entries.resize(kept);
}

bool same_value(const history_entry& x, const history_entry& y) {
  return x.value == y.value && (x.field != "review" || x.by == y.by);
}

void append_entry(std::string& out, const history_entry& x) {
  auto member = [&out](std::string_view name, std::string_view value) {
    out += name;
    append_json_string(out, value);
  };
  out += out.size() > 1 ? ",{\"at\":\"" : "{\"at\":\"";
  out += to_rfc3339(x.at);
  member("\",\"field\":", x.field);
  member(",\"value\":", x.value);
  member(",\"source\":", x.source);
  member(",\"by\":", x.by);
  if (!x.sha.empty())
    member(",\"sha\":", x.sha);
  member(",\"delivery\":", x.delivery);
  out += '}';
}

} // namespace

std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max)
    return text;
  auto end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;
  return text.substr(0, end);
}

void bound(history_entry& x) {
  cut(x.value, text_bytes_max);
  cut(x.source, text_bytes_max);
  cut(x.by, login_bytes_max);
  cut(x.sha, sha_text_bytes_max);
  for (auto& c : x.delivery)
    if (c < ' ' || c > '~')
      c = '?';
  cut(x.delivery, delivery_bytes_max);
}

bool remember(std::vector<history_entry>& entries, history_entry x, std::size_t newest) {
  const auto at =
      std::lower_bound(entries.begin(), entries.end(), x, [](const auto& a, const auto& b) { return fact_of(a) < fact_of(b); });
  if (at != entries.end() && fact_of(*at) == fact_of(x)) {
    if (at->delivery <= x.delivery)
      return false;
    at->delivery = std::move(x.delivery);
    return true;
  }
  const auto added = entries.insert(at, std::move(x));
  if (entries.size() <= newest)
    return true;
  const auto fact = *added;
  forget_old(entries, newest);
  return std::binary_search(entries.begin(), entries.end(), fact);
}

shown_history show(const std::vector<history_entry>& entries) {
  auto result = shown_history{};
  result.json.reserve(2 + 200 * entries.size());
  result.json = "[";
  auto seen = digest{};
  auto last = per_field<const history_entry*>{};
  for (const auto& x : entries) {
    const auto* before = std::exchange(last[x.field], &x);
    if (before ? same_value(*before, x) : x.field == "title")
      continue;
    append_entry(result.json, x);
    seen << x.at << x.field << x.value << x.source << x.by << x.sha;
  }
  result.json += ']';
  result.digest = seen.value();
  return result;
}

} // namespace ingot::github
