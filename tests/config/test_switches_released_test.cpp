// As a release has it: compiled without the definition, whatever this build is.
#undef INGOT_TEST_SWITCHES
#include "config/test_switches.hpp"

#include "tests/support/catch.hpp"

using namespace ingot;

// No variable can change what is known while compiling.
static_assert(!is_off(test_switch::dedupe));
static_assert(!is_off(test_switch::fencing));
static_assert(!is_off(test_switch::fsync));

TEST_CASE("a release has no test switches, whatever the environment says") {
  ::setenv("INGOT_TEST_SWITCH_OFF", "dedupe,fencing,fsync", 1);
  CHECK(test_switches_off().empty());
  ::unsetenv("INGOT_TEST_SWITCH_OFF");
}
