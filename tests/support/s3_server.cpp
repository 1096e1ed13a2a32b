#include "tests/support/s3_server.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/command.hpp"

#include <cctype>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ingot::testing {

namespace fs = std::filesystem;

namespace {

/// Installs the packages unless that is done; several test processes may want them at once. Empty when they cannot be had.
fs::path installed_packages() {
  const auto source = fs::path{INGOT_SOURCE_DIR} / "tests/support/s3_server";
  const auto folder = fs::temp_directory_path() / ("ingot-test-s3-server-" + std::to_string(::geteuid()));
  fs::create_directories(folder);
  const auto lock = ::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ::flock(lock, LOCK_EX);
  const auto program = folder / "node_modules/s3rver/bin/s3rver.js";
  if (!fs::exists(program)) {
    for (const auto* name : {"package.json", "package-lock.json", ".npmrc"})
      fs::copy_file(source / name, folder / name, fs::copy_options::overwrite_existing);
    output_of("cd " + folder.string() + " && npm ci --ignore-scripts 2>&1");
  }
  ::close(lock);
  return fs::exists(program) ? program : fs::path{};
}

/// Reads what the server writes until it says where it listens.
std::uint16_t port_from(int pipe) {
  auto text = std::string{};
  for (char c = 0; ::read(pipe, &c, 1) == 1 && text.size() < 10'000;) {
    text += c;
    const auto at = text.find("127.0.0.1:");
    if (at != std::string::npos && !std::isdigit(static_cast<unsigned char>(c)) && text.size() > at + 11)
      return static_cast<std::uint16_t>(std::atoi(text.c_str() + at + 10));
  }
  throw std::runtime_error{"the S3 server did not start: " + text};
}

} // namespace

std::unique_ptr<s3_server> s3_server::start() {
  const auto program = installed_packages();
  if (program.empty()) {
    WARN("skipped: the S3 server's packages cannot be had (npm ci in tests/support/s3_server)");
    return nullptr;
  }
  auto name = (fs::temp_directory_path() / "ingot-test-s3-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error{"cannot make a folder for the S3 server"};
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0)
    throw std::runtime_error{"no pipe"};
  const auto process = ::fork();
  if (process == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(pipe[1], 1);
    // Its continuation tokens are made with a cipher that OpenSSL 3 has among its old ones.
    ::execlp("node", "node", "--openssl-legacy-provider", program.c_str(), "--directory", name.c_str(), "--address", "127.0.0.1",
             "--port", "0", "--configure-bucket", bucket, static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::close(pipe[1]);
  const auto port = port_from(pipe[0]);
  // It goes on writing; a pipe that nobody reads would stop it, a closed one does not.
  std::thread([fd = pipe[0]] {
    char ignored[4096];
    while (::read(fd, ignored, sizeof ignored) > 0) {
    }
    ::close(fd);
  }).detach();
  return std::unique_ptr<s3_server>{new s3_server{name, process, port}};
}

s3_server::~s3_server() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  auto ignored = std::error_code{};
  fs::remove_all(folder_, ignored);
}

} // namespace ingot::testing
