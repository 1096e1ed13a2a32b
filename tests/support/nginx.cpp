#include "tests/support/nginx.hpp"

#include "tests/support/catch.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ingot::testing {

namespace {

namespace fs = std::filesystem;

fs::path find_nginx() {
  for (const auto* place : {"/usr/sbin/nginx", INGOT_SOURCE_DIR "/build/tools/nginx"})
    if (fs::exists(place))
      return place;
  return {};
}

std::string text_of(const fs::path& file) {
  auto in = std::ifstream{file};
  auto out = std::stringstream{};
  out << in.rdbuf();
  return out.str();
}

/// The lines of packaging/nginx.conf with the test's nodes and port, without TLS.
std::string configuration(const std::vector<std::uint16_t>& nodes, std::uint16_t port) {
  auto in = std::istringstream{text_of(INGOT_SOURCE_DIR "/packaging/nginx.conf")};
  auto out = std::string{};
  auto next = nodes.begin();
  for (auto line = std::string{}; std::getline(in, line);) {
    if (line.find("ssl_certificate") != std::string::npos)
      continue;
    if (const auto at = line.find("server 10.0.0."); at != std::string::npos) {
      if (next == nodes.end())
        continue;
      const auto address = at + std::string_view{"server "}.size();
      line.replace(address, line.find(' ', address) - address, "127.0.0.1:" + std::to_string(*next++));
    }
    if (const auto at = line.find("listen 443 ssl;"); at != std::string::npos)
      line = "    listen 127.0.0.1:" + std::to_string(port) + ";";
    out += line + '\n';
  }
  return out;
}

void write_configuration(const fs::path& folder, const std::vector<std::uint16_t>& nodes, std::uint16_t port) {
  std::ofstream{folder / "ingot.conf"} << configuration(nodes, port);
  auto main = std::ofstream{folder / "nginx.conf"};
  main << "daemon off;\nmaster_process off;\npid " << (folder / "pid").string() << ";\nerror_log "
       << (folder / "error.log").string() << " warn;\nevents { worker_connections 1024; }\nhttp {\n  log_format nodes "
       << "'$status $upstream_addr';\n  access_log " << (folder / "access.log").string() << " nodes;\n";
  for (const auto* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    main << "  " << kind << "_temp_path " << (folder / kind).string() << ";\n";
  main << "  include " << (folder / "ingot.conf").string() << ";\n}\n";
}

bool answers(std::uint16_t port) {
  try {
    return http_client{port}.get("/health").status == 200;
  } catch (const http_error&) {
    return false;
  }
}

} // namespace

std::unique_ptr<nginx> nginx::start(const std::vector<std::uint16_t>& nodes) {
  const auto program = find_nginx();
  if (program.empty()) {
    WARN("there is no nginx: apt-get install nginx-light, or ./dev test, which unpacks it");
    return nullptr;
  }
  auto out = std::unique_ptr<nginx>{new nginx};
  const auto& folder = out->folder_.path();
  write_configuration(folder, nodes, out->port());
  const auto file = (folder / "nginx.conf").string(), errors = (folder / "error.log").string();
  out->process_ = ::fork();
  if (out->process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto log = ::open(errors.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(log, 2);
    ::execl(program.c_str(), "nginx", "-p", folder.c_str(), "-c", file.c_str(), nullptr);
    ::_exit(127);
  }
  if (!eventually([&] { return answers(out->port()); }))
    throw std::runtime_error{"nginx does not answer: " + out->errors()};
  return out;
}

nginx::~nginx() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

std::size_t nginx::asked_again() const {
  auto in = std::istringstream{text_of(folder_.path() / "access.log")};
  auto out = std::size_t{0};
  for (auto line = std::string{}; std::getline(in, line);)
    out += line.find(',') != std::string::npos ? 1 : 0;
  return out;
}

std::string nginx::errors() const {
  return text_of(folder_.path() / "error.log");
}

} // namespace ingot::testing
