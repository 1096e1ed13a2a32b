#include "tests/support/node.hpp"

#include "storage/cluster.hpp"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace ingot::testing {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

fs::path temporary(const char* name) {
  const char* base = std::getenv("TMPDIR");
  return fs::path{base != nullptr ? base : "/tmp"} / name;
}

std::string read_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::string usual_binary() {
  const char* other = std::getenv("INGOT_BINARY");
  return other != nullptr ? other : INGOT_BINARY;
}

/// This process's environment without what would steer the node, with `over` on top.
std::vector<std::string> environment_of(const std::map<std::string, std::string>& over) {
  std::vector<std::string> result;
  for (char** at = environ; *at != nullptr; ++at) {
    std::string entry = *at;
    auto name = entry.substr(0, entry.find('='));
    bool steers = name.starts_with("INGOT_") || name.starts_with("GITHUB_") || name == "DATABASE_URL" || name == "PORT" ||
                  name == "LOG_LEVEL" || name.starts_with("PG");
    if (!steers && !over.contains(name))
      result.push_back(std::move(entry));
  }
  for (const auto& [name, value] : over)
    if (!value.empty())
      result.push_back(name + "=" + value);
  return result;
}

/// Starts `program` with its output appended to `output`. It dies with this thread.
pid_t spawn(std::string program, const std::vector<std::string>& arguments, const std::map<std::string, std::string>& over,
            const fs::path& output) {
  auto environment = environment_of(over);
  std::vector<char*> argv{program.data()}, envp;
  for (const auto& x : arguments)
    argv.push_back(const_cast<char*>(x.c_str()));
  for (auto& x : environment)
    envp.push_back(x.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  auto parent = ::getpid();
  pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
      ::_exit(127);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::execve(program.c_str(), argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(out);
  if (child < 0)
    throw std::runtime_error{std::string{"fork: "} + std::strerror(errno)};
  return child;
}

} // namespace

void nap(milliseconds time) {
  std::this_thread::sleep_for(time);
}

scratch_folder::scratch_folder() {
  auto pattern = temporary("ingot-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error{std::string{"mkdtemp: "} + std::strerror(errno)};
  ::chmod(pattern.c_str(), 0755);
  path_ = pattern;
}

scratch_folder::~scratch_folder() {
  if (std::getenv("INGOT_KEEP") != nullptr)
    return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

// Below the range from which the kernel takes the ports of outgoing connections. The node listens with SO_REUSEPORT, so two nodes
// on one port would not notice: hence the lock.
port_lease::port_lease() {
  auto folder = temporary("ingot-test-ports");
  std::error_code exists;
  fs::create_directory(folder, exists);
  for (int tries = 0; tries < 8000; ++tries) {
    auto port = static_cast<std::uint16_t>(20000 + (::getpid() * 31 + tries) % 8000);
    int lock = ::open((folder / std::to_string(port)).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock < 0)
      continue;
    int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool ours = ::flock(lock, LOCK_EX | LOCK_NB) == 0 && ::bind(probe, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
    ::close(probe);
    if (ours) {
      port_ = port;
      lock_ = lock;
      return;
    }
    ::close(lock);
  }
  throw std::runtime_error{"no free port between 20000 and 28000"};
}

port_lease::~port_lease() {
  ::close(lock_);
}

node::node(node_options options)
    : data_dir_{options.data_dir.empty() ? scratch_.path() / "data" : options.data_dir},
      binary_{options.binary.empty() ? fs::path{usual_binary()} : options.binary}, arguments_{options.arguments} {
  environment_ = {{"PORT", std::to_string(port_.port())},
                  {"INGOT_DATA_DIR", data_dir_.string()},
                  {"GITHUB_WEBHOOK_SECRET", std::string{webhook_secret}},
                  {"INGOT_ADMIN_TOKEN", std::string{admin_token}},
                  {"INGOT_GITHUB_API_URL", "http://127.0.0.1:9"}, // nobody listens: no test asks GitHub itself
                  {"INGOT_ROLLUP_INTERVAL_MS", "0"},              // a test asks for the rollups that it wants
                  {"INGOT_BLOBS_SWEEP_INTERVAL_MS", "0"},         // and the sweeps
                  {"INGOT_NIGHTLY_SCHEDULE", "never"},            // and for the nightly runs
                  {"INGOT_SERVER_DRAIN_IDLE_MS", "0"},            // no proxy keeps connections to it
                  {"INGEST_APP_TOKEN", std::string{application_token}},
                  {"CRON_SECRET", std::string{cron_secret}},
                  {"STRIPE_WEBHOOK_SECRET", std::string{stripe_secret}},
                  {"LOG_LEVEL", "info"}};
  if (!options.toml.empty()) {
    std::ofstream{scratch_.path() / "ingot.toml"} << options.toml;
    environment_["INGOT_CONFIG"] = (scratch_.path() / "ingot.toml").string();
  }
  for (const auto& [name, value] : options.environment)
    environment_[name] = value;
  if (options.start)
    start();
}

node::~node() {
  if (pid_ <= 0)
    return;
  signal(SIGTERM);
  if (!wait(std::chrono::seconds{20}))
    kill();
  wait_for_database_end();
}

void node::start(bool accept_unready, std::chrono::seconds patience) {
  launch();
  wait_until_ready(accept_unready, patience);
}

void node::launch() {
  pid_ = spawn(binary_.string(), arguments_, environment_, scratch_.path() / "node.log");
}

void node::wait_until_ready(bool accept_unready, std::chrono::seconds patience) {
  std::string last = "no answer";
  bool ready = eventually(
      [&] {
        if (!alive())
          throw std::runtime_error{"the node ended while it started:\n" + log()};
        try {
          http_client client{port(), std::chrono::seconds{5}};
          auto answer = client.get(accept_unready ? "/health" : "/ready");
          last = std::to_string(answer.status) + " " + answer.body;
          return answer.status == 200;
        } catch (const http_error& e) {
          last = e.what();
          return false;
        }
      },
      patience);
  if (!ready)
    throw std::runtime_error{"the node did not become ready: " + last + "\n" + log()};
}

void node::signal(int number) {
  if (pid_ > 0)
    ::kill(pid_, number);
}

void node::kill() {
  signal(SIGKILL);
  wait(std::chrono::seconds{30});
  wait_for_database_end();
}

std::optional<int> node::wait(milliseconds patience) {
  if (pid_ <= 0)
    return std::nullopt;
  int status = 0;
  if (!eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }, patience))
    return std::nullopt;
  pid_ = -1;
  return status;
}

bool node::alive() {
  return pid_ > 0 && !wait(milliseconds{0});
}

/// A killed node's postmaster goes by its parent-death signal; a folder is free again only then.
void node::wait_for_database_end() {
  auto pid_file = data_dir_ / "postgres" / "postmaster.pid";
  auto text = read_file(pid_file);
  auto postmaster = static_cast<pid_t>(std::strtol(text.c_str(), nullptr, 10));
  if (postmaster <= 1)
    return;
  if (!eventually([&] { return ::kill(postmaster, 0) != 0; }, std::chrono::seconds{15}))
    ::kill(postmaster, SIGQUIT);
}

std::string node::log() const {
  return read_file(scratch_.path() / "node.log");
}

std::string node::database_url() const {
  auto found = environment_.find("DATABASE_URL");
  return found != environment_.end() && !found->second.empty() ? found->second : storage::embedded_url(data_dir_);
}

finished run_ingot(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment) {
  scratch_folder scratch;
  auto output = scratch.path() / "output";
  auto child = spawn(usual_binary(), arguments, environment, output);
  int status = 0;
  bool ended = eventually([&] { return ::waitpid(child, &status, WNOHANG) == child; }, std::chrono::seconds{60});
  if (!ended) {
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
  }
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(output)};
}

} // namespace ingot::testing
