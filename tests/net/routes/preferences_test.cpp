#include "net/routes/preferences.hpp"

#include "tests/support/catch.hpp"

using ingot::routes::parse_preferences;

namespace {

bool is_lenient(std::string_view field) {
  return parse_preferences(field).lenient;
}

bool is_async(std::string_view field) {
  return parse_preferences(field).respond_async;
}

} // namespace

TEST_CASE("preferences: names and values in any case, quoted or not, with spaces and parameters") {
  CHECK_FALSE(is_lenient(""));
  for (const auto* field : {"handling=lenient", "Handling = Lenient", "handling=\"lenient\"", "handling=\"len\\ient\"",
                            "handling=lenient; why=\"a, b\"", "wait=5,\thandling=lenient", ", ,handling=lenient,"})
    CHECK(is_lenient(field));
  for (const auto* field : {"handling=strict", "handling", "lenient", "handling=", "handling=\"lenient", "xhandling=lenient"})
    CHECK_FALSE(is_lenient(field));
  CHECK(is_async("Respond-Async, wait=10"));
  CHECK(is_async("respond-async; x=y"));
  CHECK_FALSE(is_async("respond-asynchronously"));
}

TEST_CASE("preferences: of several lines, joined, all are read, and the first of a name counts") {
  CHECK(is_lenient("respond-async, handling=lenient"));
  CHECK(is_async("handling=lenient, respond-async"));
  CHECK_FALSE(is_lenient("handling=strict, handling=lenient"));
  CHECK(is_lenient("handling=lenient, handling=strict"));
}

TEST_CASE("preferences: what stands in quotes does not end them") {
  CHECK_FALSE(is_lenient("note=\"a, handling=lenient\""));
  CHECK_FALSE(is_lenient("note=\"a \\\", handling=lenient\""));
  CHECK_FALSE(is_async("note=\"; , respond-async , \""));
  CHECK(is_lenient("note=\"a, handling=strict\", handling=lenient"));
  CHECK_FALSE(is_lenient("note=\"never ends, handling=lenient"));
  CHECK_FALSE(is_lenient("note=\"\\"));
}
