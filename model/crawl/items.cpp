#include "model/crawl/items.hpp"

#include "model/crawl/item_texts.hpp"
#include "model/drupal/inventory_fields.hpp"
#include "model/json_document.hpp"
#include "model/json_text.hpp"
#include "model/sha256.hpp"
#include "model/web_url.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace ingot::crawl {

namespace {

using drupal::came_instead;
using drupal::fault_list;
using drupal::text_within;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr auto root_place = json_place{};
constexpr auto items_place = json_place{&root_place, "items", std::nullopt};

std::string hexadecimal(std::string_view bytes) {
  constexpr auto digits = std::string_view{"0123456789abcdef"};
  auto out = std::string{};
  for (const auto c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 0xf];
  }
  return out;
}

/// Every part with its length before it, so that no two contents look the same.
std::string hash_of(const item& x) {
  auto all = std::string{};
  const auto add = [&](std::string_view part) { all += std::to_string(part.size()) + ':' + std::string{part}; };
  const auto add_optional = [&](const std::optional<std::string>& part) { part ? add(*part) : void(all += '-'); };
  add(x.url);
  add(x.title);
  add_optional(x.summary);
  add_optional(x.raw);
  return hexadecimal(sha256(all));
}

/// The member `name` of an item.
class item_members {
public:
  item_members(object from, const json_place& at, fault_list& faults) : from_{from}, at_{at}, faults_{faults} {}

  std::string needed_text(std::string_view name, std::size_t most) {
    const auto value = find(name);
    if (!value) {
      faults_.add({&at_, name, std::nullopt}, "expected, and absent");
      return {};
    }
    return std::string{text_within(*value, 1, most, {&at_, name, std::nullopt}, faults_).value_or("")};
  }

  std::optional<std::string> text(std::string_view name, std::size_t most) {
    const auto value = find(name);
    if (!value || value->is_null())
      return std::nullopt;
    const auto read = text_within(*value, 0, most, {&at_, name, std::nullopt}, faults_);
    return read ? std::optional{std::string{*read}} : std::nullopt;
  }

  std::string needed_url(std::string_view name) {
    auto out = needed_text(name, url_size_max);
    if (!out.empty() && !is_web_url(out))
      faults_.add({&at_, name, std::nullopt},
                  "expected an http or https URL without a user name, and " + cut_for_echo(out) + " came");
    return out;
  }

  /// Any JSON; null is as good as none.
  std::optional<std::string> json(std::string_view name) {
    const auto value = find(name);
    if (!value || value->is_null())
      return std::nullopt;
    auto out = std::string{simdjson::minify(*value)};
    if (out.size() <= raw_bytes_max)
      return out;
    faults_.add({&at_, name, std::nullopt}, "expected JSON of at most " + std::to_string(raw_bytes_max) + " bytes, and " +
                                                std::to_string(out.size()) + " came");
    return std::nullopt;
  }

private:
  std::optional<element> find(std::string_view name) const {
    auto out = element{};
    return from_.at_key(name).get(out) == simdjson::SUCCESS ? std::optional{out} : std::nullopt;
  }

  object from_;
  const json_place& at_;
  fault_list& faults_;
};

item read_item(element what, const json_place& at, std::uint32_t index, fault_list& faults) {
  auto out = item{};
  out.index = index;
  auto members = object{};
  if (what.get_object().get(members) != simdjson::SUCCESS) {
    faults.add(at, came_instead("an object", what));
    return out;
  }
  auto from = item_members{members, at, faults};
  out.external_id = from.needed_text("externalId", external_id_size_max);
  out.url = from.needed_url("url");
  out.title = from.needed_text("title", title_size_max);
  out.summary = from.text("summary", summary_size_max);
  out.raw = from.json("raw");
  return out;
}

std::vector<item_error> errors_of(std::uint32_t index, fault_list& faults) {
  auto out = std::vector<item_error>{};
  for (auto& x : faults.details()) {
    if (out.size() == errors_of_item_max)
      break;
    out.push_back({index, std::move(x.pointer), to_string(fault::invalid_fields), std::move(x.message)});
  }
  return out;
}

/// @param unstorable items whose places are null, by index
void read_items(simdjson::dom::array items, std::vector<item_error>& unstorable, submission& out) {
  auto next_unstorable = unstorable.begin();
  auto index = std::uint32_t{0};
  for (const auto each : items) {
    if (next_unstorable != unstorable.end() && next_unstorable->index == index) {
      out.reject({std::move(*next_unstorable++)});
    } else {
      auto faults = fault_list{};
      auto x = read_item(each, {&items_place, {}, index}, index, faults);
      if (faults.empty())
        out.items.push_back(std::move(x));
      else
        out.reject(errors_of(index, faults));
    }
    ++index;
  }
}

/// Of items with one external id the last counts: what it says is newer.
void leave_out_repeated(submission& out) {
  auto last = std::unordered_map<std::string, std::uint32_t>{};
  for (const auto& x : out.items)
    last[x.external_id] = x.index;
  if (last.size() == out.items.size())
    return;
  for (const auto& x : out.items)
    if (const auto by = last.at(x.external_id); by != x.index)
      out.reject({{x.index, "/items/" + std::to_string(x.index) + "/externalId", "duplicate",
                   "`" + cut_for_echo(x.external_id) + "` comes again at /items/" + std::to_string(by) + ", which counts"}});
  std::erase_if(out.items, [&](const item& x) { return last.at(x.external_id) != x.index; });
}

void read_source(object root, submission& out, fault_list& faults) {
  auto value = element{};
  if (root.at_key("sourceId").get(value) != simdjson::SUCCESS)
    faults.add("/sourceId", "expected, and absent");
  else if (const auto text = text_within(value, 1, source_id_size_max, {&root_place, "sourceId", std::nullopt}, faults))
    out.source_id = *text;
}

std::optional<simdjson::dom::array> array_of_items(object root, std::size_t items_max, fault_list& faults) {
  auto value = element{};
  auto items = simdjson::dom::array{};
  if (root.at_key("items").get(value) != simdjson::SUCCESS)
    faults.add("/items", "expected, and absent");
  else if (value.get_array().get(items) != simdjson::SUCCESS)
    faults.add("/items", came_instead("an array", value));
  else if (const auto count = items.size(); count < 1 || count > items_max)
    faults.add("/items", "expected 1 to " + std::to_string(items_max) + " items, and " + std::to_string(count) + " came");
  else
    return items;
  return std::nullopt;
}

failure refusal(std::vector<fault_detail> details) {
  return {fault::invalid_fields, "the body cannot be taken; nothing of it is stored", std::move(details)};
}

std::vector<fault_detail> details_of(std::vector<item_error>& errors) {
  auto out = std::vector<fault_detail>{};
  for (auto& x : errors)
    out.push_back({std::move(x.pointer), std::move(x.message)});
  return out;
}

std::variant<submission, failure> read(const json_document& document, std::size_t items_max, std::vector<item_error> unstorable) {
  auto out = submission{};
  auto faults = fault_list{};
  read_source(document.root(), out, faults);
  const auto items = array_of_items(document.root(), items_max, faults);
  if (!faults.empty())
    return refusal(std::move(faults.details()));
  read_items(*items, unstorable, out);
  leave_out_repeated(out);
  if (out.items.empty())
    return refusal(details_of(out.errors));
  std::stable_sort(out.errors.begin(), out.errors.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  for (auto& x : out.items)
    x.content_hash = hash_of(x);
  return out;
}

} // namespace

void submission::reject(std::vector<item_error> why) {
  ++rejected;
  std::move(why.begin(), why.end(), std::back_inserter(errors));
}

bool is_source_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= source_id_size_max && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

std::variant<submission, failure> parse_submission(std::string_view body, std::size_t items_max) {
  auto document = json_document{};
  auto sifted = sifted_body{};
  auto why = document.parse(body);
  if (why) {
    sifted = sift_items(body);
    if (!sifted.errors.empty())
      why = document.parse(sifted.text);
  }
  if (why) {
    why->code = fault::invalid_fields; // what is no JSON, or none that can be stored, is a fault of the body as well
    return std::move(*why);
  }
  return read(document, items_max, std::move(sifted.errors));
}

} // namespace ingot::crawl
