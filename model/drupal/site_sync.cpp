#include "model/drupal/site_sync.hpp"

#include "model/digest.hpp"
#include "model/json_write.hpp"
#include "model/signature.hpp"

#include <algorithm>
#include <cstdio>

namespace ingot::drupal {

namespace {

bool by_name(const known_module& a, const known_module& b) noexcept {
  return a.name < b.name;
}

void note(std::vector<module_note>& warnings, std::string_view name, std::size_t index, std::string message) {
  warnings.push_back({0, std::string{name}, "/removed/" + std::to_string(index), std::move(message)});
}

void compare_removed_by_name(const site_knowledge& known, const inventory& said, site_change& out,
                             std::vector<module_note>& warnings) {
  for (auto i = std::size_t{0}; i < said.removed.size(); ++i) {
    const auto name = said.removed[i];
    const auto digest_of_name = (digest{} << name).value();
    const auto* found = known.find(digest_of_name);
    if (found == nullptr || found->removed)
      note(warnings, name, i, "is not installed here, as far as is known; nothing to remove");
    else if (std::any_of(said.modules.begin(), said.modules.end(),
                         [&](const auto& x) { return x.name_digest == digest_of_name; }))
      note(warnings, name, i, "is also among the modules, so it stays");
    else if (std::find(out.removed.begin(), out.removed.end(), found->module_id) == out.removed.end())
      out.removed.push_back(found->module_id);
  }
}

void append_notes(std::string& out, const std::vector<module_note>& notes) {
  out += '[';
  auto first = true;
  for (const auto& x : notes) {
    out += first ? "{\"index\":" : ",{\"index\":";
    first = false;
    out += std::to_string(x.index);
    out += ",\"machine_name\":";
    append_json_string(out, x.machine_name);
    out += ",\"pointer\":";
    append_json_string(out, x.pointer);
    out += ",\"message\":";
    append_json_string(out, x.message);
    out += '}';
  }
  out += ']';
}

} // namespace

const known_module* site_knowledge::find(std::uint64_t name) const noexcept {
  const auto at = std::lower_bound(modules.begin(), modules.end(), known_module{.name = name}, by_name);
  return at != modules.end() && at->name == name ? &*at : nullptr;
}

std::string site_knowledge::state_hash() const {
  auto first = digest{}, second = digest{};
  second << std::uint64_t{1};
  for (const auto& x : modules)
    if (!x.removed) {
      first << x.name << x.reported;
      second << x.reported << x.name;
    }
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(first.value()),
                static_cast<unsigned long long>(second.value()));
  return text;
}

site_change compare(const site_knowledge& known, const inventory& said, std::vector<module_note>& warnings) {
  auto out = site_change{};
  out.site = known.site_digest != said.site_digest;
  auto seen = std::vector<bool>(known.modules.size());
  for (auto i = std::uint32_t{0}; i < said.modules.size(); ++i) {
    const auto* found = known.find(said.modules[i].name_digest);
    if (found == nullptr) {
      out.added.push_back(i);
      continue;
    }
    seen[static_cast<std::size_t>(found - known.modules.data())] = true;
    if (found->removed || found->reported != said.modules[i].digest)
      out.updated.push_back(i);
  }
  if (!said.base_hash.empty()) {
    compare_removed_by_name(known, said, out, warnings);
  } else if (said.type == sync_type::full && !said.left_out_nameless) {
    for (const auto name : said.left_out)
      if (const auto* found = known.find(name))
        seen[static_cast<std::size_t>(found - known.modules.data())] = true;
    for (auto i = std::size_t{0}; i < known.modules.size(); ++i)
      if (!seen[i] && !known.modules[i].removed)
        out.removed.push_back(known.modules[i].module_id);
  }
  std::sort(out.removed.begin(), out.removed.end());
  return out;
}

void confirm(site_knowledge& known, const inventory& said, const site_change& change,
             const std::vector<written_module>& written) {
  known.site_digest = said.site_digest;
  for (auto& x : known.modules)
    if (std::binary_search(change.removed.begin(), change.removed.end(), x.module_id)) {
      x.removed = true;
      x.reported = 0;
    }
  auto at = std::size_t{0};
  const auto sorted = known.modules.size();
  for (const auto i : change.added) {
    const auto& x = said.modules[i];
    known.modules.push_back({x.name_digest, x.digest, written[at].module_id, false, written[at].needs_update});
    ++at;
  }
  const auto middle = known.modules.begin() + static_cast<std::ptrdiff_t>(sorted);
  std::sort(middle, known.modules.end(), by_name);
  std::inplace_merge(known.modules.begin(), middle, known.modules.end(), by_name);
  for (const auto i : change.updated) {
    const auto& x = said.modules[i];
    if (auto* entry = const_cast<known_module*>(known.find(x.name_digest))) {
      entry->reported = x.digest;
      entry->removed = false;
      entry->needs_update = written[at].needs_update;
    }
    ++at;
  }
}

std::string_view to_string(sync_outcome x) noexcept {
  switch (x) {
  case sync_outcome::applied:
    return "applied";
  case sync_outcome::unchanged:
    return "unchanged";
  case sync_outcome::stale:
    break;
  }
  return "stale";
}

std::string to_json(const sync_result& x) {
  auto out = std::string{"{\"success\":true,\"sync_id\":\"sync_"} + x.sync_id + "\",\"site_id\":" + std::to_string(x.site_id);
  out += ",\"outcome\":\"";
  out += to_string(x.outcome);
  out += '"';
  const auto add = [&](const char* name, std::size_t value) {
    out.append(",\"").append(name).append("\":") += std::to_string(value);
  };
  add("processed_count", x.processed);
  add("new_modules", x.added);
  add("updated_modules", x.updated);
  add("removed_modules", x.removed);
  add("security_updates_found", x.security_updates);
  out += ",\"warnings\":";
  append_notes(out, x.warnings);
  out += ",\"errors\":";
  append_notes(out, x.errors);
  out += ",\"state_hash\":";
  append_json_string(out, x.state_hash);
  char number[32];
  std::snprintf(number, sizeof number, "%.3f", x.milliseconds);
  out.append(",\"processing_time_ms\":").append(number).append(",\"next_sync_after\":\"") += to_rfc3339(x.next_sync_after);
  return out + "\"}";
}

timestamp next_sync(std::int64_t site_id, timestamp now, std::chrono::milliseconds interval) {
  const auto step = std::chrono::duration_cast<std::chrono::seconds>(interval).count();
  // Fibonacci hashing: neighbouring ids lie far apart.
  const auto own = static_cast<std::int64_t>((static_cast<std::uint64_t>(site_id) * 0x9E3779B97F4A7C15ull >> 16) %
                                             static_cast<std::uint64_t>(std::max<std::int64_t>(step, 1)));
  const auto least = std::chrono::ceil<std::chrono::seconds>(now.time_since_epoch() + interval / 2).count();
  const auto at = least + ((own - least) % step + step) % step;
  return timestamp{std::chrono::seconds{at}};
}

std::string uuid_v7(timestamp at, const std::array<std::uint8_t, 10>& random) {
  const auto ms = static_cast<std::uint64_t>(std::chrono::floor<std::chrono::milliseconds>(at).time_since_epoch().count());
  auto bytes = std::string(16, '\0');
  for (auto i = 0; i < 6; ++i)
    bytes[static_cast<std::size_t>(i)] = static_cast<char>(ms >> (8 * (5 - i)));
  std::copy(random.begin(), random.end(), bytes.begin() + 6);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x70);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  auto hex = to_hex(bytes);
  for (const auto place : {8, 13, 18, 23})
    hex.insert(static_cast<std::size_t>(place), "-");
  return hex;
}

} // namespace ingot::drupal
