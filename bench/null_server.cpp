// The ceiling of the server alone: reads every body and answers 200, stores nothing.
#include "net/http/server.hpp"

#include <cstdio>
#include <cstdlib>

#include <signal.h>

namespace {

struct answer_200 final : ingot::http::application {
  ingot::http::admission admit(const ingot::http::request_head& head) override {
    return {head.method == "POST" ? std::size_t{25} * 1024 * 1024 : 0, {}};
  }

  void handle(ingot::http::request, ingot::http::responder done) override {
    ingot::http::response out;
    out.body = R"({"status":"stored"})";
    done(std::move(out));
  }
};

} // namespace

int main() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);

  ingot::server_settings settings;
  if (const auto* port = std::getenv("PORT"))
    settings.port = static_cast<std::uint16_t>(std::atoi(port));
  answer_200 app;
  ingot::http::server server{settings, app};
  server.start();
  std::printf("http://127.0.0.1:%u\n", static_cast<unsigned>(server.port()));
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  server.stop();
}
