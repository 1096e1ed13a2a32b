#include "model/mcp/manifest_validator.hpp"

#include "model/json_locate.hpp"
#include "model/json_members.hpp"
#include "model/json_position.hpp"
#include "model/json_text.hpp"
#include "model/mcp/json_schema.hpp"
#include "model/mcp/manifest_rules.hpp"
#include "model/mcp/published_schemas.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <stdexcept>

namespace ingot::mcp {

namespace {

constexpr auto address_prefix = std::string_view{"https://static.modelcontextprotocol.io/schemas/"};
constexpr auto address_suffix = std::string_view{"/server.schema.json"};

std::string address_of(std::string_view version) {
  return std::string{address_prefix}.append(version).append(address_suffix);
}

/// The date in the address of a schema; nothing in another address.
std::string_view version_in(std::string_view address) {
  if (!address.starts_with(address_prefix) || !address.ends_with(address_suffix) ||
      address.size() < address_prefix.size() + address_suffix.size())
    return {};
  return address.substr(address_prefix.size(), address.size() - address_prefix.size() - address_suffix.size());
}

manifest_problem no_json(std::string_view text, const fault_detail& why) {
  auto out = manifest_problem{problem_source::schema, {}, why.message, "The file must be JSON (RFC 8259) in UTF-8.", 1, 1};
  constexpr auto in_bytes = std::string_view{"byte "};
  auto byte = std::size_t{0};
  if (why.pointer.starts_with(in_bytes)) {
    std::from_chars(why.pointer.data() + in_bytes.size(), why.pointer.data() + why.pointer.size(), byte);
    const auto at = position_of(text, byte);
    out.line = at.line;
    out.column = at.column;
  }
  return out;
}

/// A member that stands twice: readers differ in which one they take.
void find_twins(simdjson::dom::element x, const json_place& at, std::vector<manifest_problem>& out) {
  if (auto object = simdjson::dom::object{}; x.get(object) == simdjson::SUCCESS) {
    auto names = std::vector<std::string_view>{};
    for (const auto member : object) {
      find_twins(member.value, {&at, member.key, std::nullopt}, out);
      names.push_back(member.key);
    }
    std::sort(names.begin(), names.end());
    for (auto i = std::adjacent_find(names.begin(), names.end()); i != names.end() && out.size() < manifest_report::problems_max;
         i = std::adjacent_find(std::upper_bound(i, names.end(), *i), names.end()))
      out.push_back({problem_source::rule, json_place{&at, *i, std::nullopt}.pointer(),
                     "found this member twice, expected it once", "Take one of them out.", 1, 1});
  } else if (auto array = simdjson::dom::array{}; x.get(array) == simdjson::SUCCESS) {
    auto index = std::size_t{0};
    for (const auto each : array)
      find_twins(each, {&at, {}, index++}, out);
  }
}

} // namespace

struct manifest_validator::compiled {
  std::map<std::string, json_schema, std::less<>> schemas; ///< those that are accepted, by version
  std::string default_version;

  /// By `$schema`; the default one, with the problem, when that is none of ours.
  std::string choose(const std::string& named, std::vector<manifest_problem>& problems) const {
    if (named.empty())
      return default_version;
    const auto version = version_in(named);
    if (const auto found = schemas.find(version); found != schemas.end())
      return found->first;
    auto all = std::string{};
    for (const auto& [each, ignored] : schemas)
      all += (all.empty() ? "" : ", ") + each;
    problems.push_back(
        {problem_source::rule, "/$schema",
         "found " + (version.empty() ? "an address that is no schema of server.json" : "the version " + cut_for_echo(version)) +
             ", expected one of the accepted versions: " + all,
         "For example " + address_of(default_version) + ". The manifest was held against the version " + default_version + '.', 1,
         1});
    return default_version;
  }

  void judge(simdjson::dom::element document, const std::optional<manifest_origin>& origin, manifest_report& to) const {
    const auto said = read_manifest(document);
    auto rules = std::vector<manifest_problem>{};
    to.schema = choose(said.schema, rules);
    for (auto& each : schemas.find(to.schema)->second.check(document, manifest_report::problems_max))
      to.problems.push_back(
          {problem_source::schema, std::move(each.pointer), std::move(each.message), std::move(each.hint), 1, 1});
    to.schema_valid = to.problems.empty();
    find_twins(document, json_place{}, rules);
    auto broken = broken_rules(said, origin);
    std::move(broken.begin(), broken.end(), std::back_inserter(rules));
    const auto of_schema = to.problems.size();
    for (auto& each : rules) {
      // What the schema says of a value is not said again.
      const auto is_same = [&](const manifest_problem& x) { return x.pointer == each.pointer; };
      const auto end = to.problems.begin() + static_cast<std::ptrdiff_t>(of_schema);
      if (to.problems.size() < manifest_report::problems_max && std::none_of(to.problems.begin(), end, is_same))
        to.problems.push_back(std::move(each));
    }
    to.valid = to.problems.empty();
  }
};

manifest_validator::manifest_validator(std::string_view default_version, const std::vector<std::string>& accepted) {
  const auto is_accepted = [&](std::string_view version) {
    return accepted.empty() || std::find(accepted.begin(), accepted.end(), version) != accepted.end();
  };
  auto out = std::make_unique<compiled>();
  for (const auto& each : published_schemas())
    if (is_accepted(each.version))
      out->schemas.emplace(each.version, json_schema{each.text});
  for (const auto& each : accepted)
    if (!out->schemas.contains(each))
      throw std::invalid_argument{"there is no schema of the version " + each};
  out->default_version = default_version;
  if (!out->schemas.contains(default_version))
    throw std::invalid_argument{"the default version " + out->default_version + " is not among the accepted ones"};
  compiled_ = std::move(out);
}

manifest_validator::~manifest_validator() = default;
manifest_validator::manifest_validator(manifest_validator&&) noexcept = default;
manifest_validator& manifest_validator::operator=(manifest_validator&&) noexcept = default;

manifest_report manifest_validator::validate(std::string_view text, const std::optional<manifest_origin>& origin) const {
  auto out = manifest_report{};
  out.schema = compiled_->default_version;
  const auto refuse = [&](manifest_problem why) {
    out.problems.push_back(std::move(why));
    return std::move(out);
  };
  if (text.size() > text_bytes_max)
    return refuse({problem_source::rule,
                   {},
                   "found " + std::to_string(text.size()) + " bytes, expected at most " + std::to_string(text_bytes_max),
                   "",
                   1,
                   1});
  thread_local auto parser = simdjson::dom::parser{};
  if (parser.max_depth() != json_depth_max && parser.allocate(text_bytes_max, json_depth_max) != simdjson::SUCCESS)
    throw std::bad_alloc{};
  auto document = simdjson::dom::element{};
  const auto error =
      has_byte_order_mark(text) ? simdjson::TAPE_ERROR : parser.parse(text.data(), text.size(), true).get(document);
  auto why = error != simdjson::SUCCESS || has_unstorable_escape(text) ? find_json_fault(text) : std::nullopt;
  if (why && why->code == fault::malformed_body)
    return refuse(no_json(text, why->details.front()));
  if (why && why->details.front().pointer.starts_with("byte "))
    return refuse(no_json(text, why->details.front()));
  out.is_json = true;
  if (why)
    out.problems.push_back({problem_source::rule, why->details.front().pointer, why->details.front().message,
                            "It cannot be kept, or means different things to different readers.", 1, 1});
  else if (error != simdjson::SUCCESS)
    out.problems.push_back(
        {problem_source::rule, {}, std::string{"found JSON that is not read here: "} + simdjson::error_message(error), "", 1, 1});
  else
    compiled_->judge(document, origin, out);
  auto pointers = std::vector<std::string>{};
  for (const auto& each : out.problems)
    pointers.push_back(each.pointer);
  const auto at = pointers.empty() ? std::vector<text_position>{} : positions_of(text, pointers);
  for (auto i = std::size_t{0}; i < at.size(); ++i) {
    out.problems[i].line = at[i].line;
    out.problems[i].column = at[i].column;
    out.problems[i].pointer = cut_for_echo(out.problems[i].pointer);
  }
  return out;
}

std::vector<std::string_view> known_schema_versions() {
  auto out = std::vector<std::string_view>{};
  for (const auto& each : published_schemas())
    out.push_back(each.version);
  return out;
}

} // namespace ingot::mcp
