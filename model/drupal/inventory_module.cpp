#include "model/drupal/inventory_fields.hpp"

#include "model/digest.hpp"
#include "model/drupal/version.hpp"
#include "model/json_text.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace ingot::drupal {

namespace {

using simdjson::dom::element;

constexpr auto types = std::to_array<std::string_view>({"core", "contrib", "custom"});
constexpr std::size_t link_size_max = 2'048;
constexpr std::size_t description_size_max = 65'536;

enum member : std::uint8_t {
  machine_name,
  name,
  type,
  version,
  status,
  schema_version,
  package,
  core_compatibility,
  dependencies,
  description,
  project_link,
  security_coverage,
};
constexpr auto member_count = module_fields::member_count;
constexpr std::array<std::string_view, member_count> member_names{
    "machine_name",       "name",         "type",        "version",      "status",           "schema_version", "package",
    "core_compatibility", "dependencies", "description", "project_link", "security_coverage"};

/// The members of one module that are read, and where they stand.
struct members {
  const std::array<std::optional<element>, member_count>& values;
  const json_place& at;
  fault_list& faults;

  json_place place(member which) const { return {&at, member_names[which], std::nullopt}; }

  /// The value, or nothing and a fault when it is absent.
  std::optional<element> need(member which) const {
    if (!values[which])
      faults.add(place(which), "expected, and absent");
    return values[which];
  }

  /// The value, or nothing when it is absent or null.
  std::optional<element> maybe(member which) const {
    if (!values[which] || values[which]->is_null())
      return std::nullopt;
    return values[which];
  }

  std::string_view need_text(member which, std::size_t most) const {
    const auto value = need(which);
    return value ? text_within(*value, 1, most, place(which), faults).value_or(std::string_view{}) : std::string_view{};
  }

  std::optional<std::string_view> maybe_text(member which, std::size_t most) const {
    const auto value = maybe(which);
    return value ? text_within(*value, 0, most, place(which), faults) : std::nullopt;
  }

  std::optional<bool> flag(member which, std::optional<element> value) const {
    auto out = false;
    if (!value)
      return std::nullopt;
    if (value->get_bool().get(out) == simdjson::SUCCESS)
      return out;
    faults.add(place(which), came_instead("true or false", *value));
    return std::nullopt;
  }
};

/// The number of a member, or member_count. @param guess looked at first
std::size_t number_of(std::string_view name, std::size_t guess) {
  if (guess < member_count && member_names[guess] == name)
    return guess;
  return static_cast<std::size_t>(std::find(member_names.begin(), member_names.end(), name) - member_names.begin());
}

/// What composer and git call a checkout says nothing of a version. (A version of one's own may hold a `/`: 2024/05.)
bool is_branch_name(std::string_view text) {
  constexpr auto well_known = std::to_array<std::string_view>({"HEAD", "develop", "main", "master", "trunk"});
  const auto begins_with_digit = text.front() >= '0' && text.front() <= '9';
  return text.starts_with("dev-") || (text.find('/') != std::string_view::npos && !begins_with_digit) ||
         std::find(well_known.begin(), well_known.end(), text) != well_known.end();
}

/// Empty when it is unknown, or at fault.
std::string_view read_version(const members& from, std::string& warning) {
  const auto value = from.need(version);
  if (!value)
    return {};
  if (value->is_null()) {
    warning = "the version is null, as of a git checkout: stored as unknown";
    return {};
  }
  auto text = std::string_view{};
  if (value->get_string().get(text) != simdjson::SUCCESS) {
    from.faults.add(from.place(version), came_instead("a text or null", *value));
    return {};
  }
  if (!is_version(text)) {
    from.faults.add(from.place(version), "expected 1 to " + std::to_string(version_size_max) +
                                             " printable ASCII characters, and " + came_instead({}, *value) + " came");
    return {};
  }
  if (is_branch_name(text)) {
    warning = "`" + std::string{text} + "` names a branch, no version: stored as unknown";
    return {};
  }
  return text;
}

module_type read_type(const members& from) {
  const auto value = from.need(type);
  if (!value)
    return {};
  auto text = std::string_view{};
  if (value->get_string().get(text) == simdjson::SUCCESS)
    if (const auto found = std::find(types.begin(), types.end(), text); found != types.end())
      return static_cast<module_type>(found - types.begin());
  from.faults.add(from.place(type), came_instead("core, contrib or custom", *value));
  return {};
}

std::optional<std::int32_t> read_schema_version(const members& from) {
  const auto value = from.maybe(schema_version);
  if (!value)
    return std::nullopt;
  auto number = std::int64_t{0};
  using limits = std::numeric_limits<std::int32_t>;
  if (value->get_int64().get(number) == simdjson::SUCCESS && number >= limits::min() && number <= limits::max())
    return static_cast<std::int32_t>(number);
  from.faults.add(from.place(schema_version), came_instead("a whole number of 32 bits, or null", *value));
  return std::nullopt;
}

std::uint64_t digest_of(const reported_module& x) {
  auto out = digest{};
  out << x.machine_name << x.name << static_cast<std::int64_t>(x.type) << x.version << x.enabled;
  out << (x.schema_version ? std::optional<std::int64_t>{*x.schema_version} : std::nullopt) << x.package;
  for (const auto* list : {&x.core_compatibility, &x.dependencies}) {
    out << static_cast<std::uint64_t>(list->size());
    for (const auto& each : *list)
      out << each;
  }
  out << x.description << x.project_link << x.security_coverage;
  return out.value();
}

} // namespace

std::string_view to_string(module_type x) noexcept {
  return types[static_cast<std::size_t>(x)];
}

std::string_view reported_module::project() const noexcept {
  if (type == module_type::core)
    return "drupal";
  if (project_link) {
    constexpr auto before = std::string_view{"/project/"};
    if (const auto at = project_link->find(before); at != std::string_view::npos) {
      const auto rest = project_link->substr(at + before.size());
      if (const auto end = std::min(rest.find_first_of("/?#"), rest.size()); end > 0 && end <= name_size_max)
        return rest.substr(0, end);
    }
  }
  return machine_name;
}

void module_fields::find(simdjson::dom::object from, const json_place& at, fault_list& faults, values& out) {
  auto position = std::size_t{0};
  for (const auto [key, value] : from) {
    const auto known = position < order_.size();
    const auto found = number_of(key, known ? order_[position] : member_count);
    if (known)
      order_[position] = static_cast<std::uint8_t>(found);
    else if (position < 4 * member_count)
      order_.push_back(static_cast<std::uint8_t>(found));
    ++position;
    if (found == member_count)
      continue;
    if (out[found])
      faults.add({&at, key, std::nullopt}, "expected this member once, and it came again");
    out[found] = value;
  }
}

reported_module module_fields::read(element what, const json_place& at, fault_list& faults, std::string& warning) {
  auto out = reported_module{};
  auto object = simdjson::dom::object{};
  if (what.get_object().get(object) != simdjson::SUCCESS) {
    faults.add(at, came_instead("an object", what));
    return out;
  }
  auto found = values{};
  find(object, at, faults, found);
  const auto from = members{found, at, faults};
  out.machine_name = from.need_text(machine_name, name_size_max);
  out.name = from.need_text(name, name_size_max);
  out.type = read_type(from);
  out.version = read_version(from, warning);
  out.enabled = from.flag(status, from.need(status)).value_or(false);
  out.schema_version = read_schema_version(from);
  out.package = from.maybe_text(package, name_size_max);
  for (const auto& [which, list] : {std::pair{core_compatibility, &out.core_compatibility}, {dependencies, &out.dependencies}})
    if (const auto value = from.maybe(which))
      read_texts(*value, list_items_max, from.place(which), faults, *list);
  out.description = from.maybe_text(description, description_size_max);
  out.project_link = from.maybe_text(project_link, link_size_max);
  out.security_coverage = from.flag(security_coverage, from.maybe(security_coverage)).value_or(true);
  out.name_digest = (digest{} << out.machine_name).value();
  out.digest = digest_of(out);
  return out;
}

} // namespace ingot::drupal
