#include "tests/support/smtp_server.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/command.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ingot::testing {

namespace fs = std::filesystem;

namespace {

/// Debian's own, which knows Debian's packages.
constexpr auto python = "/usr/bin/python3";

/// The number that the server writes first; 0 when it ends before.
std::uint16_t port_from(int pipe) {
  auto text = std::string{};
  for (char c = 0; ::read(pipe, &c, 1) == 1 && c != '\n';)
    text += c;
  return static_cast<std::uint16_t>(std::atoi(text.c_str()));
}

void make_certificate(const fs::path& folder) {
  output_of("cd " + folder.string() + " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 " +
            "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key.pem -out certificate.pem 2>/dev/null");
}

} // namespace

std::unique_ptr<smtp_server> smtp_server::start(security how) {
  if (output_of(std::string{python} + " -c 'import aiosmtpd; print(1)' 2>/dev/null") != "1\n") {
    WARN("skipped: there is no mail server to be tested with (python3-aiosmtpd)");
    return nullptr;
  }
  auto name = (fs::temp_directory_path() / "ingot-test-smtp-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error{"cannot make a folder for the mail server"};
  const auto folder = fs::path{name};
  const auto with_tls = how == security::tls_and_login;
  if (with_tls)
    make_certificate(folder);
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0)
    throw std::runtime_error{"no pipe"};
  const auto program = std::string{INGOT_SOURCE_DIR} + "/tests/support/smtp_server/server.py";
  const auto certificate = (folder / "certificate.pem").string(), key = (folder / "key.pem").string();
  const auto process = ::fork();
  if (process == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(pipe[1], 1);
    ::execl(python, python, program.c_str(), name.c_str(), with_tls ? certificate.c_str() : static_cast<char*>(nullptr),
            key.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::close(pipe[1]);
  const auto port = port_from(pipe[0]);
  ::close(pipe[0]);
  auto out = std::unique_ptr<smtp_server>{new smtp_server{folder, process, port}};
  if (port == 0)
    throw std::runtime_error{"the mail server did not start"};
  return out;
}

smtp_server::~smtp_server() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::vector<received_mail> smtp_server::mails() const {
  auto files = std::vector<fs::path>{};
  for (const auto& x : fs::directory_iterator{folder_})
    if (x.path().extension() == ".mail")
      files.push_back(x.path());
  std::sort(files.begin(), files.end());
  auto out = std::vector<received_mail>{};
  for (const auto& x : files) {
    auto in = std::ifstream{x, std::ios::binary};
    auto mail = received_mail{};
    auto carried = std::string{};
    std::getline(in, mail.from);
    std::getline(in, mail.to);
    std::getline(in, carried);
    mail.tls = carried == "tls";
    mail.message = (std::ostringstream{} << in.rdbuf()).str();
    out.push_back(std::move(mail));
  }
  return out;
}

} // namespace ingot::testing
