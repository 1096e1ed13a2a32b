#include "model/json_text.hpp"
#include "model/mcp/manifest_validator.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

// Input: a manifest. Whatever it is, it is judged twice alike, every problem stands in the text, and there are not too many.

using namespace ingot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto validator = mcp::manifest_validator{};
  static const auto origin = mcp::manifest_origin{"octo-org", "weather"};
  const auto text = std::string_view{reinterpret_cast<const char*>(data), size};
  const auto report = validator.validate(text, origin);
  if (to_json(report) != to_json(validator.validate(text, origin)) || find_bad_utf8(to_json(report)) != std::string_view::npos)
    std::abort();
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const auto& x : report.problems)
    if (x.line < 1 || static_cast<std::size_t>(x.line) > lines || x.column < 1 || static_cast<std::size_t>(x.column) > size + 1)
      std::abort();
  if (report.valid && !report.schema_valid)
    std::abort();
  return 0;
}
