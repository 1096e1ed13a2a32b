// The stand-in for GitHub as a program: serves the git repositories that it is given as OWNER/NAME=PATH until it is ended.
#include "tests/support/github_standin/github_standin.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

int main(int count, char** arguments) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  ingot::testing::standin_options options;
  if (const auto* port = std::getenv("PORT"))
    options.port = static_cast<std::uint16_t>(std::atoi(port));
  ingot::testing::github_standin standin{options};
  for (auto i = 1; i < count; ++i) {
    const auto text = std::string_view{arguments[i]};
    const auto slash = text.find('/'), equals = text.find('=');
    if (slash == std::string_view::npos || equals == std::string_view::npos || equals < slash) {
      std::fprintf(stderr, "expected OWNER/NAME=PATH, not %s\n", arguments[i]);
      return 2;
    }
    ingot::testing::hosted_repository x;
    x.owner = text.substr(0, slash);
    x.name = text.substr(slash + 1, equals - slash - 1);
    x.path = text.substr(equals + 1);
    standin.add(std::move(x));
  }
  std::printf("%s %s\n", standin.api_url().c_str(), standin.web_url().c_str());
  std::fflush(stdout);
  auto signal = 0;
  sigwait(&ends, &signal);
}
