#include "commands/health.hpp"

#include "commands/http_call.hpp"

#include <ostream>

namespace ingot::commands {

namespace {

constexpr milliseconds patience{4'000}; // below the 5 s of the Dockerfile's check, so that it says why

} // namespace

int health(const settings& of, const terminal& to) {
  auto call = call_of_node(of, "GET", "/health");
  call.timeout = patience;
  const auto answer = perform(call);
  if (answer.status == 200) {
    to.out << "the node answers\n";
    return done;
  }
  to.err << call.url << " answers " << answer.status << '\n';
  return failed;
}

} // namespace ingot::commands
