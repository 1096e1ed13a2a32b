#include "model/json_document.hpp"

#include "model/json_locate.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

namespace ingot {

namespace {

// simdjson does not count an empty innermost array or object as a level, and we do: with 64 its parser refuses the 64th level
// that is not empty, so that all it takes is within our limit. The few of exactly 64 levels are judged by the slow road.
constexpr std::size_t quick_depth_max = json_depth_max;

std::unique_ptr<simdjson::dom::parser> make_parser(std::size_t capacity, std::size_t depth_max) {
  auto parser = std::make_unique<simdjson::dom::parser>();
  if (parser->allocate(capacity, depth_max) != simdjson::SUCCESS)
    throw std::bad_alloc();
  return parser;
}

/// The thread's parser, with room for `bytes`.
simdjson::dom::parser& thread_parser(std::size_t bytes) {
  thread_local auto parser = make_parser(64 * 1024, quick_depth_max);
  if (parser->capacity() < bytes)
    parser = make_parser(std::bit_ceil(bytes), quick_depth_max);
  return *parser;
}

/// `text` with simdjson's padding behind it, in the thread's buffer.
const char* padded_copy(std::string_view text) {
  thread_local std::vector<char> buffer;
  if (buffer.size() < text.size() + simdjson::SIMDJSON_PADDING)
    buffer.resize(text.size() + simdjson::SIMDJSON_PADDING);
  std::copy(text.begin(), text.end(), buffer.begin());
  return buffer.data();
}

std::optional<std::string_view> find_repeated_member(simdjson::dom::object object) {
  constexpr std::size_t few = 32;
  std::array<std::string_view, few> seen;
  std::size_t count = 0;
  for (const auto member : object) {
    if (count == few)
      break;
    if (std::find(seen.begin(), seen.begin() + count, member.key) != seen.begin() + count)
      return member.key;
    seen[count++] = member.key;
  }
  if (count < few)
    return std::nullopt;
  std::vector<std::string_view> all;
  for (const auto member : object)
    all.push_back(member.key);
  std::sort(all.begin(), all.end());
  const auto twin = std::adjacent_find(all.begin(), all.end());
  return twin == all.end() ? std::nullopt : std::optional(*twin);
}

failure not_an_object() {
  return {fault::malformed_body, "the body is not a JSON object", {{"byte 0", "expected an object, and another value came"}}};
}

failure repeated(std::string_view name) {
  std::string pointer;
  append_pointer_token(pointer, cut_for_echo(name));
  return {fault::malformed_body,
          "the body says a member twice",
          {{std::move(pointer), "expected every member of the top level once, and this one came again"}}};
}

/// simdjson and find_json_fault() are held together by the fuzz target; this is said only if they differ.
failure unexplained(simdjson::error_code error) {
  return {fault::malformed_body, "the body is not valid JSON", {{"byte 0", simdjson::error_message(error)}}};
}

} // namespace

std::optional<failure> json_document::parse(std::string_view text, std::size_t padding, unstorable escapes) {
  own_.reset();
  const bool large = text.size() > retained_bytes_max;
  if (large)
    own_ = make_parser(text.size(), quick_depth_max);
  const bool copy = padding < simdjson::SIMDJSON_PADDING;
  simdjson::dom::element document;
  const auto parse_with = [&](simdjson::dom::parser& parser) {
    const char* bytes = copy && !large ? padded_copy(text) : text.data();
    return parser.parse(bytes, text.size(), copy && large).get(document);
  };
  auto error = has_byte_order_mark(text) ? simdjson::TAPE_ERROR : parse_with(large ? *own_ : thread_parser(text.size()));
  if (error != simdjson::SUCCESS) {
    if (auto found = find_json_fault(text))
      return found;
    if (error != simdjson::DEPTH_ERROR)
      return unexplained(error);
    own_ = make_parser(text.size(), json_depth_max + 1);
    error = parse_with(*own_);
    if (error != simdjson::SUCCESS)
      return unexplained(error);
  }
  if (escapes == unstorable::refused && has_unstorable_escape(text))
    if (auto found = find_json_fault(text))
      return found;
  if (document.get_object().get(root_) != simdjson::SUCCESS)
    return not_an_object();
  if (const auto name = find_repeated_member(root_))
    return repeated(*name);
  return std::nullopt;
}

} // namespace ingot
