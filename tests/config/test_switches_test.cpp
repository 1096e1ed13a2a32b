#include "config/test_switches.hpp"

#include "tests/support/catch.hpp"

using namespace ingot;

#ifdef INGOT_TEST_SWITCHES

TEST_CASE("test switches: nothing is off by itself, and a list switches off what it names") {
  CHECK_FALSE(is_off(test_switch::dedupe));
  CHECK_FALSE(is_off(test_switch::fencing));
  CHECK_FALSE(is_off(test_switch::fsync));
  CHECK(test_switches_off().empty());
  set_test_switches_off("dedupe,fsync");
  CHECK(is_off(test_switch::dedupe));
  CHECK_FALSE(is_off(test_switch::fencing));
  CHECK(is_off(test_switch::fsync));
  CHECK(test_switches_off() == "dedupe, fsync");
  set_test_switches_off("fencing,fence");
  CHECK(is_off(test_switch::fencing));
  CHECK_FALSE(is_off(test_switch::dedupe));
  CHECK(test_switches_off() == "fencing, fence (no such switch)");
  set_test_switches_off("");
  CHECK_FALSE(is_off(test_switch::fencing));
  CHECK(test_switches_off().empty());
}

#endif
