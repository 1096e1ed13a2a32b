#include "config/test_switches.hpp"

#ifdef INGOT_TEST_SWITCHES

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace ingot {

inline namespace test_switches_compiled_in {

namespace {

constexpr auto names = std::to_array<std::pair<std::string_view, test_switch>>(
    {{"dedupe", test_switch::dedupe}, {"fencing", test_switch::fencing}, {"fsync", test_switch::fsync}});

struct switches {
  std::array<bool, names.size()> off{};
  std::string told;

  void set(std::string_view list) {
    *this = {};
    while (!list.empty()) {
      const auto name = list.substr(0, list.find(','));
      list.remove_prefix(std::min(list.size(), name.size() + 1));
      const auto* const found = std::find_if(names.begin(), names.end(), [&](const auto& x) { return x.first == name; });
      told += told.empty() ? "" : ", ";
      told += name;
      if (found == names.end())
        told += " (no such switch)";
      else
        off.at(static_cast<std::size_t>(found->second)) = true;
    }
  }
};

switches& all() {
  static auto x = [] {
    auto made = switches{};
    const char* list = std::getenv("INGOT_TEST_SWITCH_OFF");
    made.set(list == nullptr ? "" : list);
    return made;
  }();
  return x;
}

} // namespace

bool is_off(test_switch what) noexcept {
  return all().off.at(static_cast<std::size_t>(what));
}

std::string test_switches_off() {
  return all().told;
}

void set_test_switches_off(std::string_view list) {
  all().set(list);
}

} // namespace test_switches_compiled_in

} // namespace ingot

#endif
