#include "tests/storage/switched_off.hpp"

#include "config/test_switches.hpp"

namespace ingot::testing {

#ifdef INGOT_TEST_SWITCHES

switched_off::switched_off(std::string_view list) {
  set_test_switches_off(list);
}

switched_off::~switched_off() {
  set_test_switches_off({});
}

switched_off::operator bool() const noexcept {
  return true;
}

#else

switched_off::switched_off(std::string_view) {}

switched_off::~switched_off() = default;

switched_off::operator bool() const noexcept {
  return false;
}

#endif

} // namespace ingot::testing
