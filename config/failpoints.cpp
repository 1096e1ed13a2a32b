#include "config/failpoints.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

namespace ingot {

namespace {

struct armed_failpoint {
  std::string name;
  std::atomic<long> passes_left{0};
  int signal = SIGKILL;

  armed_failpoint() {
    const char* text = std::getenv("INGOT_FAILPOINT");
    if (text == nullptr)
      return;
    name = text;
    passes_left = 1;
    if (name.ends_with(":stop")) {
      signal = SIGSTOP;
      name.resize(name.size() - std::string_view{":stop"}.size());
    }
    if (auto colon = name.find(':'); colon != std::string::npos) {
      passes_left = std::strtol(name.c_str() + colon + 1, nullptr, 10);
      name.resize(colon);
    }
  }
};

armed_failpoint armed;

void pass() noexcept {
  if (armed.passes_left.fetch_sub(1) == 1)
    std::raise(armed.signal);
}

} // namespace

void failpoint(std::string_view name) noexcept {
  if (!armed.name.empty() && name == armed.name)
    pass();
}

void failpoint(std::string_view family, std::string_view member) noexcept {
  const auto wanted = std::string_view{armed.name};
  if (!wanted.empty() && wanted.starts_with(family) && wanted.substr(family.size()) == member)
    pass();
}

} // namespace ingot
