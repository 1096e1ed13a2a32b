#pragma once

#include <string>
#include <string_view>

namespace ingot {

/// For tests of the fault runs only: a protection that may be switched off, to see that they find out. INGOT_TEST_SWITCH_OFF is a
/// list of them, with commas.
enum class test_switch {
  dedupe,  ///< what arrives twice is applied twice
  fencing, ///< a lost lease, or a repository's version that moved, holds no write back
  fsync,   ///< the spool acknowledges what is not on the disk
};

#ifdef INGOT_TEST_SWITCHES

inline namespace test_switches_compiled_in {

bool is_off(test_switch what) noexcept;

/// What is off, for people; also what the variable names and is no switch. Empty: nothing.
std::string test_switches_off();

/// Instead of what the variable says. Not while another thread asks.
void set_test_switches_off(std::string_view list);

} // namespace test_switches_compiled_in

#else

// A release has none: what asks costs nothing.
inline namespace test_switches_compiled_out {

constexpr bool is_off(test_switch) noexcept {
  return false;
}

inline std::string test_switches_off() {
  return {};
}

} // namespace test_switches_compiled_out

#endif

} // namespace ingot
