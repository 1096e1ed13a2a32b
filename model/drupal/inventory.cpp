#include "model/drupal/inventory.hpp"

#include "model/digest.hpp"
#include "model/drupal/inventory_fields.hpp"
#include "model/drupal/version.hpp"
#include "model/json_document.hpp"
#include "model/json_text.hpp"
#include "model/json_write.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace ingot::drupal {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t shown_bytes_max = 60;

constexpr auto root_place = json_place{};

/// A JSON value as short text for a message.
std::string shown(element x) {
  switch (x.type()) {
  case simdjson::dom::element_type::ARRAY:
    return "an array";
  case simdjson::dom::element_type::OBJECT:
    return "an object";
  default:
    return cut_for_echo(simdjson::minify(x), shown_bytes_max);
  }
}

std::optional<element> member(object from, std::string_view name) {
  auto out = element{};
  if (from.at_key(name).get(out) != simdjson::SUCCESS)
    return std::nullopt;
  return out;
}

/// `10.3.0-beta1`, `11.x-dev`, `7.103`; PHP's `8.1.2-1ubuntu2.14`, `8.3.0RC6`: numbers parted by dots, two to four, then anything
/// without blanks.
bool is_platform_version(std::string_view text) {
  auto numbers = 0;
  for (;;) {
    const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
    if (end == 0 || end > 9)
      break;
    text.remove_prefix(end);
    ++numbers;
    if (!text.starts_with('.'))
      break;
    text.remove_prefix(1);
  }
  if (numbers == 1 && text.starts_with('x'))
    ++numbers;
  return numbers >= 2 && numbers <= 4 && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string_view read_platform_version(object root, std::string_view name, fault_list& faults) {
  const auto at = json_place{&root_place, name, std::nullopt};
  const auto value = member(root, name);
  if (!value) {
    faults.add(at, "expected, and absent");
    return {};
  }
  auto text = std::string_view{};
  if (value->get_string().get(text) == simdjson::SUCCESS && text.size() <= version_size_max && is_platform_version(text))
    return text;
  faults.add(at, came_instead("a version such as 10.3.0 or 10.3.0-beta1", *value));
  return {};
}

std::optional<timestamp> time_of(element x) {
  auto text = std::string_view{};
  if (x.get_string().get(text) == simdjson::SUCCESS)
    return parse_rfc3339(text);
  auto number = std::int64_t{0};
  if (x.get_int64().get(number) == simdjson::SUCCESS)
    return from_epoch_seconds(number);
  return std::nullopt;
}

/// site_info without last_cron, which moves at every sync and is kept with the sync.
void read_site_info(object root, inventory& out, fault_list& faults) {
  const auto value = member(root, "site_info");
  auto info = object{};
  if (!value || value->get_object().get(info) != simdjson::SUCCESS) {
    faults.add("/site_info", value ? came_instead("an object", *value) : "expected, and absent");
    return;
  }
  const auto place = json_place{&root_place, "site_info", std::nullopt};
  for (const auto* name : {"name", "environment"})
    if (const auto text = member(info, name); text && !text->is_null())
      if (const auto read = text_within(*text, 0, name_size_max, {&place, name, std::nullopt}, faults);
          read && std::string_view{name} == "environment")
        out.environment = out.texts.keep(*read);
  if (const auto cron = member(info, "last_cron"); cron && !cron->is_null()) {
    out.last_cron = time_of(*cron);
    if (!out.last_cron)
      faults.add("/site_info/last_cron", came_instead("an RFC 3339 time, seconds since 1970, or null", *cron));
  }
  auto text = std::string{"{"};
  for (const auto [key, each] : info) {
    if (key == "last_cron")
      continue;
    text += text.size() > 1 ? "," : "";
    append_json_string(text, key);
    text += ':';
    text += simdjson::minify(each);
  }
  out.site_info = out.texts.keep(text + '}');
}

void read_sync_time(object root, inventory& out, fault_list& faults) {
  const auto value = member(root, "sync_timestamp");
  auto text = std::string_view{};
  if (!value) {
    faults.add("/sync_timestamp", "expected, and absent");
  } else if (value->get_string().get(text) != simdjson::SUCCESS || !parse_rfc3339(text)) {
    faults.add("/sync_timestamp", came_instead("an RFC 3339 time such as 2024-05-01T10:00:00Z", *value));
  } else {
    out.sync_time = *parse_rfc3339(text);
  }
}

void read_sync_type(object root, inventory& out, fault_list& faults) {
  const auto value = member(root, "sync_type");
  if (!value || value->is_null())
    return;
  auto text = std::string_view{};
  if (value->get_string().get(text) == simdjson::SUCCESS && (text == "full" || text == "partial"))
    out.type = text == "full" ? sync_type::full : sync_type::partial;
  else
    faults.add("/sync_type", came_instead("full or partial", *value));
}

void read_difference(object root, inventory& out, fault_list& faults) {
  const auto base = member(root, "base_hash");
  if (base && !base->is_null())
    if (const auto text = text_within(*base, 1, name_size_max, {&root_place, "base_hash", std::nullopt}, faults))
      out.base_hash = out.texts.keep(*text);
  const auto removed = member(root, "removed");
  if (!removed || removed->is_null())
    return;
  if (!base || base->is_null()) {
    faults.add("/removed", "expected only beside base_hash: a full sync leaves out what was removed");
    return;
  }
  auto names = std::vector<std::string_view>{};
  read_texts(*removed, modules_max, {&root_place, "removed", std::nullopt}, faults, names);
  for (const auto name : names)
    out.removed.push_back(out.texts.keep(name));
}

void keep_texts(reported_module& x, text_store& texts) {
  const auto keep = [&](std::string_view& text) { text = texts.keep(text); };
  const auto keep_optional = [&](std::optional<std::string_view>& text) {
    if (text)
      keep(*text);
  };
  keep(x.machine_name);
  keep(x.name);
  keep(x.version);
  keep_optional(x.package);
  keep_optional(x.description);
  keep_optional(x.project_link);
  for (auto* list : {&x.core_compatibility, &x.dependencies})
    for (auto& each : *list)
      keep(each);
}

/// The names that were read, to find one that stands twice.
class names_seen {
public:
  explicit names_seen(std::size_t modules) : slots_(std::bit_ceil(2 * modules + 1), none) { names_.reserve(modules); }

  /// Notes a name. @returns the index of the module that had it before
  std::optional<std::uint32_t> note(std::string_view name, std::uint64_t digest_of_name, std::uint32_t index) {
    auto slot = digest_of_name & (slots_.size() - 1);
    for (; slots_[slot] != none; slot = (slot + 1) & (slots_.size() - 1))
      if (const auto& [seen, at] = names_[slots_[slot]]; seen == name)
        return at;
    slots_[slot] = static_cast<std::uint32_t>(names_.size());
    names_.emplace_back(name, index);
    return std::nullopt;
  }

private:
  static constexpr auto none = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> slots_;                              ///< places in names_, by digest
  std::vector<std::pair<std::string_view, std::uint32_t>> names_; ///< views into the document
};

/// Reads `modules`, lenient or not.
class module_reader {
public:
  module_reader(inventory& out, fault_list& faults, bool lenient, std::size_t modules)
      : out_{out}, faults_{faults}, lenient_{lenient}, seen_{modules} {
    out_.modules.reserve(modules);
  }

  void read(simdjson::dom::array modules) {
    const auto place = json_place{&root_place, "modules", std::nullopt};
    auto index = std::uint32_t{0};
    for (const auto each : modules) {
      read_one(each, {&place, {}, index}, index);
      ++index;
    }
  }

private:
  void read_one(element what, const json_place& at, std::uint32_t index) {
    auto own = fault_list{};
    auto warning = std::string{};
    auto x = fields_.read(what, at, own, warning);
    x.index = index;
    if (!x.machine_name.empty())
      if (const auto first = seen_.note(x.machine_name, x.name_digest, index))
        own.add({&at, "machine_name", std::nullopt},
                "`" + std::string{x.machine_name} + "` stands at /modules/" + std::to_string(*first) + "/machine_name already");
    if (!own.empty()) {
      leave_out(x, own);
      return;
    }
    if (!warning.empty())
      out_.warnings.push_back({index, std::string{x.machine_name}, at.pointer() + "/version", std::move(warning)});
    keep_texts(x, out_.texts);
    out_.modules.push_back(std::move(x));
  }

  void leave_out(const reported_module& x, fault_list& own) {
    auto told = std::size_t{0};
    for (auto& each : own.details()) {
      if (!lenient_)
        faults_.add(std::move(each.pointer), std::move(each.message));
      else if (told++ < faults_of_module_max)
        out_.errors.push_back({x.index, std::string{x.machine_name}, std::move(each.pointer), std::move(each.message)});
    }
    if (x.machine_name.empty())
      out_.left_out_nameless = true;
    else
      out_.left_out.push_back(x.name_digest);
  }

  inventory& out_;
  fault_list& faults_;
  bool lenient_;
  module_fields fields_;
  names_seen seen_;
};

void read_modules(object root, inventory& out, fault_list& faults, bool lenient) {
  const auto value = member(root, "modules");
  auto modules = simdjson::dom::array{};
  if (!value) {
    faults.add("/modules", "expected, and absent");
  } else if (value->get_array().get(modules) != simdjson::SUCCESS) {
    faults.add("/modules", came_instead("an array", *value));
  } else if (const auto count = modules.size(); count > modules_max || (count == 0 && out.base_hash.empty())) {
    faults.add("/modules", "expected 1 to " + std::to_string(modules_max) + " modules, and " + std::to_string(count) + " came");
  } else {
    module_reader{out, faults, lenient, count}.read(modules);
    if (lenient && out.modules.empty() && !out.errors.empty())
      for (auto& each : out.errors)
        faults.add(std::move(each.pointer), std::move(each.message));
  }
}

failure refusal(fault_list& faults) {
  const auto count = faults.details().size() + faults.beyond();
  auto out = failure{fault::invalid_fields,
                     "the body has " + std::to_string(count) + (count == 1 ? " fault" : " faults") + "; nothing of it is stored",
                     std::move(faults.details())};
  if (faults.beyond() > 0)
    out.message += " (" + std::to_string(out.details.size()) + " are told)";
  return out;
}

} // namespace

std::string_view to_string(sync_type x) noexcept {
  return x == sync_type::full ? "full" : "partial";
}

void fault_list::add(std::string pointer, std::string message) {
  if (details_.size() < faults_max)
    details_.push_back({std::move(pointer), std::move(message)});
  else
    ++beyond_;
}

std::string came_instead(std::string_view expected, element what) {
  if (expected.empty())
    return shown(what);
  return "expected " + std::string{expected} + ", and " + shown(what) + " came";
}

std::size_t characters(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::optional<std::string_view> text_within(element what, std::size_t least, std::size_t most, const json_place& at,
                                            fault_list& faults) {
  auto text = std::string_view{};
  if (what.get_string().get(text) != simdjson::SUCCESS) {
    faults.add(at, came_instead("a text", what));
    return std::nullopt;
  }
  const auto size = text.size() <= least || text.size() > most ? characters(text) : text.size();
  if (size < least || size > most) {
    faults.add(at, "expected " + std::to_string(least) + " to " + std::to_string(most) + " characters, and " +
                       std::to_string(size) + " came");
    return std::nullopt;
  }
  return text;
}

void read_texts(element what, std::size_t most, const json_place& at, fault_list& faults, std::vector<std::string_view>& out) {
  auto list = simdjson::dom::array{};
  if (what.get_array().get(list) != simdjson::SUCCESS) {
    faults.add(at, came_instead("an array of texts", what));
    return;
  }
  if (list.size() > most) {
    faults.add(at, "expected at most " + std::to_string(most) + " elements, and " + std::to_string(list.size()) + " came");
    return;
  }
  out.reserve(list.size());
  auto index = std::size_t{0};
  for (const auto each : list) {
    if (const auto text = text_within(each, 1, name_size_max, {&at, {}, index}, faults))
      out.push_back(*text);
    ++index;
  }
}

std::variant<inventory, failure> parse_inventory(std::string_view body, bool lenient, std::size_t padding) {
  auto document = json_document{};
  if (auto why = document.parse(body, padding)) {
    why->code = fault::invalid_fields; // what is no JSON, or none that can be stored, is a fault of the body as well
    return std::move(*why);
  }
  const auto root = document.root();
  auto out = inventory{};
  auto faults = fault_list{};
  read_site_info(root, out, faults);
  read_difference(root, out, faults);
  read_modules(root, out, faults, lenient);
  read_sync_time(root, out, faults);
  out.drupal_version = out.texts.keep(read_platform_version(root, "drupal_version", faults));
  out.php_version = out.texts.keep(read_platform_version(root, "php_version", faults));
  read_sync_type(root, out, faults);
  if (!faults.empty())
    return refusal(faults);
  out.site_digest = (digest{} << out.site_info << out.drupal_version << out.php_version).value();
  return out;
}

} // namespace ingot::drupal
