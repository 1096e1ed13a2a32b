#pragma once

#include "tests/support/http_client.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace ingot::testing {

/// The secret and the token that nodes of tests are started with.
inline constexpr std::string_view webhook_secret = "e2e-secret-3f1c9a";
inline constexpr std::string_view admin_token = "e2e-admin-token-7d20b4";
inline constexpr std::string_view application_token = "e2e-application-token-51c8e0";
inline constexpr std::string_view cron_secret = "e2e-cron-secret-90ab3d";
inline constexpr std::string_view stripe_secret = "whsec_e2e-stripe-secret-6f2a";

/// A folder of its own under the system's temporary one, removed at the end. The database's unprivileged user may pass through
/// it.
class scratch_folder {
public:
  scratch_folder();
  ~scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
};

/// A TCP port of 127.0.0.1 that no other test takes while this object lives.
class port_lease {
public:
  port_lease();
  ~port_lease();
  port_lease(const port_lease&) = delete;
  port_lease& operator=(const port_lease&) = delete;

  std::uint16_t port() const noexcept { return port_; }

private:
  std::uint16_t port_ = 0;
  int lock_ = -1;
};

struct node_options {
  std::vector<std::string> arguments = {"serve"};
  std::string toml = {};                               ///< the settings file's text
  std::map<std::string, std::string> environment = {}; ///< over the usual ones; an empty value takes a variable away
  std::filesystem::path data_dir = {};                 ///< empty: a folder of its own
  std::filesystem::path binary = {};                   ///< empty: INGOT_BINARY, or the one that was built with the tests
  bool start = true;                                   ///< at once, and wait until it is ready
};

/// The real binary, `ingot serve`, as a child process in a data folder. Start it on the test's main thread: it dies with the
/// thread that started it.
class node {
public:
  explicit node(node_options options = {});

  /// SIGTERM, then SIGKILL; its database is gone with it.
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Starts it (again) in the same folder on the same port; the environment may be changed first. Throws with the log's end when
  /// it ends at once or does not become ready within `patience` (GET /ready answers 200, or `accept_unready` and GET /health
  /// does).
  void start(bool accept_unready = false, std::chrono::seconds patience = std::chrono::seconds{60});

  /// Starts it and does not wait.
  void launch();
  void wait_until_ready(bool accept_unready = false, std::chrono::seconds patience = std::chrono::seconds{60});

  std::map<std::string, std::string>& environment() noexcept { return environment_; }

  void signal(int number);
  /// SIGKILL, and waits for the end of the process and its database.
  void kill();
  /// Waits for its end. @returns the wait status, nothing after `patience`
  std::optional<int> wait(std::chrono::milliseconds patience);
  bool alive();

  pid_t pid() const noexcept { return pid_; }
  std::uint16_t port() const noexcept { return port_.port(); }
  const std::filesystem::path& data_dir() const noexcept { return data_dir_; }

  /// All that it wrote to standard output and standard error, over all its starts.
  std::string log() const;

  /// Connection string of its database: DATABASE_URL, else the embedded one.
  std::string database_url() const;

  http_client client() const { return http_client{port()}; }

private:
  void wait_for_database_end();

  scratch_folder scratch_;
  port_lease port_;
  std::filesystem::path data_dir_;
  std::filesystem::path binary_;
  std::vector<std::string> arguments_;
  std::map<std::string, std::string> environment_;
  pid_t pid_ = -1;
};

/// What a program wrote and how it ended.
struct finished {
  int exit_code = -1; ///< -1: by a signal
  std::string output;
};

/// Runs the binary with `arguments` to its end (at most a minute).
finished run_ingot(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment = {});

/// Waits until `condition` holds, looking every 5 ms. @returns whether it came true within `patience`
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds patience = std::chrono::seconds{30});

void nap(std::chrono::milliseconds time);

template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds patience) {
  for (auto end = std::chrono::steady_clock::now() + patience;; nap(std::chrono::milliseconds{5})) {
    if (condition())
      return true;
    if (std::chrono::steady_clock::now() > end)
      return false;
  }
}

} // namespace ingot::testing
