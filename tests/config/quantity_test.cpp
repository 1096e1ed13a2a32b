#include "config/nearest_name.hpp"
#include "config/quantity.hpp"
#include "tests/support/catch.hpp"

using namespace ingot;

TEST_CASE("sizes are read in powers of 1024 and of 1000") {
  auto bytes = [](std::string_view text) { return parse_quantity(text, setting_unit::bytes); };
  CHECK(bytes("4096") == 4096);
  CHECK(bytes("25MiB") == 25 * 1024 * 1024);
  CHECK(bytes("25 MiB") == 25 * 1024 * 1024);
  CHECK(bytes("1GB") == 1'000'000'000);
  CHECK(bytes("7B") == 7);
  CHECK_FALSE(bytes(""));
  CHECK_FALSE(bytes("MiB"));
  CHECK_FALSE(bytes("1.5MiB"));
  CHECK_FALSE(bytes("1mib"));
  CHECK_FALSE(bytes("10s"));
  CHECK_FALSE(bytes("9999999999999TiB"));
}

TEST_CASE("durations are read in their units, and must be whole in the setting's own") {
  CHECK(parse_quantity("250ms", setting_unit::ms) == 250);
  CHECK(parse_quantity("10s", setting_unit::ms) == 10'000);
  CHECK(parse_quantity("2m", setting_unit::ms) == 120'000);
  CHECK(parse_quantity("30", setting_unit::days) == 30);
  CHECK(parse_quantity("48h", setting_unit::days) == 2);
  CHECK_FALSE(parse_quantity("47h", setting_unit::days));
  CHECK_FALSE(parse_quantity("10s", setting_unit::none));
}

TEST_CASE("a printed quantity reads back as itself") {
  for (auto unit : {setting_unit::none, setting_unit::bytes, setting_unit::ms, setting_unit::days})
    for (std::int64_t amount : {0ll, 1ll, 999ll, 1024ll, 1500ll, 60'000ll, 86'400'000ll, 1ll << 32, (1ll << 62) + 1}) {
      INFO(print_quantity(amount, unit));
      CHECK(parse_quantity(print_quantity(amount, unit), unit) == amount);
    }
  CHECK(print_quantity(26'214'400, setting_unit::bytes) == "25MiB");
  CHECK(print_quantity(10'000, setting_unit::ms) == "10s");
  CHECK(print_quantity(30, setting_unit::days) == "30d");
}

TEST_CASE("the nearest name is suggested only when it is near") {
  std::vector<std::string> known{"server.port", "server.listen", "database.url"};
  CHECK(nearest_name("server.prot", known) == "server.port");
  CHECK(nearest_name("databse.url", known) == "database.url");
  CHECK(nearest_name("quite.something.else", known).empty());
}
