#include "model/json_document.hpp"
#include "model/json_locate.hpp"
#include "model/json_object.hpp"
#include "tests/fuzz/input.hpp"

#include <simdjson.h>
#include <string>

// Input: a text. The quick parser and the slow one that says where a fault is must agree on it; and what we write as JSON,
// whatever bytes it is made of, is read back.

namespace {

using namespace ingot;
using fuzz::require;

void check_agreement(std::string_view text) {
  const auto slow = find_json_fault(text);
  auto document = json_document{};
  const auto quick = document.parse(text);
  if (slow)
    require(quick && quick->code == slow->code && quick->details.at(0).pointer == slow->details.at(0).pointer);
  else if (quick) // no object, or a member twice
    require(quick->code == fault::malformed_body && quick->message != "the body is not valid JSON");
  if (quick)
    return fuzz::check_refusal(*quick);
  const auto once = simdjson::minify(document.root());
  require(!find_json_fault(once) && document.parse(once) == std::nullopt && simdjson::minify(document.root()) == once);
}

void check_written(std::string_view text) {
  const auto written = json_object{}.add("a", text).add("b", 1).text();
  const auto wrong = find_json_fault(written);
  require(wrong.has_value() == (text.find('\0') != text.npos) && find_bad_utf8(written) == std::string_view::npos);
  if (find_bad_utf8(text) != std::string_view::npos)
    return;
  static simdjson::dom::parser parser;
  require(std::string_view{parser.parse(written)["a"]} == text);
  const auto cut = cut_for_echo(text, 20);
  require(find_bad_utf8(cut) == std::string_view::npos && cut.size() <= 23 && (text.size() > 20 || cut == text));
  const auto quoted = std::string_view{written}.substr(6, written.rfind("\",\"") - 6);
  require(unescape_json(quoted, text.size() + 1) == text);
}

void check_utf8(std::string_view text) {
  const auto bad = find_bad_utf8(text);
  require((bad == std::string_view::npos) == simdjson::validate_utf8(text.data(), text.size()));
  require(bad == std::string_view::npos || simdjson::validate_utf8(text.data(), bad));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::input{data, size}.rest();
  check_utf8(text);
  check_agreement(text);
  check_written(text);
  return 0;
}
