#include "model/new_site.hpp"

#include "tests/support/catch.hpp"

using namespace ingot;

namespace {

new_site read(std::string_view body) {
  return std::get<new_site>(parse_new_site(body));
}

std::string place_of_fault(std::string_view body) {
  const auto why = std::get<failure>(parse_new_site(body));
  return why.details.empty() ? std::string{to_string(why.code)} : why.details.front().pointer;
}

} // namespace

TEST_CASE("a new site has a name and perhaps an id") {
  CHECK(read(R"({"name":"Forge","id":42})").name == "Forge");
  CHECK(read(R"({"name":"Forge","id":42})").id == 42);
  CHECK_FALSE(read(R"({"name":"Forge"})").id);
  CHECK(read("").name.empty());
  CHECK(read("{}").name.empty());
}

TEST_CASE("a new site that cannot be meant is refused with the place") {
  CHECK(place_of_fault(R"({"name":7})") == "/name");
  CHECK(place_of_fault(R"({"name":"a","id":"7"})") == "/id");
  CHECK(place_of_fault(R"({"name":"a","id":1.5})") == "/id");
  CHECK(place_of_fault(R"({"nmae":"a"})") == "/nmae");
  CHECK(parse_new_site("[1]").index() == 1);
  CHECK(parse_new_site("{").index() == 1);
}
