#include "net/routes/credentials.hpp"

#include "net/routes/media_type.hpp"
#include "tests/support/catch.hpp"

#include <utility>

using namespace ingot;
using namespace ingot::routes;

namespace {

http::request_head head_with(std::vector<http::field> fields) {
  auto out = http::request_head{};
  out.fields = std::move(fields);
  return out;
}

std::string key_of(std::vector<http::field> fields) {
  return std::string{presented_key(head_with(std::move(fields)))};
}

} // namespace

TEST_CASE("a key is taken from X-API-Key or from Authorization: Bearer in any case, and an empty one hides none") {
  CHECK(key_of({}).empty());
  CHECK(key_of({{"x-api-key", "a"}}) == "a");
  for (const auto* given : {"Bearer a", "bearer a", "BEARER   a"})
    CHECK(key_of({{"authorization", given}}) == "a");
  for (const auto* given : {"Basic a", "Bearera", "Bearer", "Bearer ", "a"})
    CHECK(key_of({{"authorization", given}}).empty());
  CHECK(key_of({{"x-api-key", "a"}, {"authorization", "Bearer b"}}) == "a");
  CHECK(key_of({{"x-api-key", ""}, {"authorization", "Bearer b"}}) == "b");
}

TEST_CASE("media types are compared in any case and without their parameters") {
  CHECK(is_media_type("application/json", "application/json"));
  CHECK(is_media_type("Application/JSON ; charset=utf-8", "application/json"));
  CHECK_FALSE(is_media_type("application/json5", "application/json"));
  CHECK_FALSE(is_media_type("", "application/json"));
}
