#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace ingot::bench {

/// CPU seconds (user and system) that a process has used, without its children. 0 when it is gone.
double cpu_seconds(pid_t pid);

/// The same of a process with all its descendants, those that have ended and were waited for included.
double cpu_seconds_of_tree(pid_t pid);

/// The process and its descendants.
std::vector<pid_t> tree_of(pid_t pid);

/// Resident memory in MB (10^6 bytes) now, and the most there ever was (VmHWM).
double rss_mb(pid_t pid);
double rss_peak_mb(pid_t pid);

/// A program that is ended with this object, or with this process should that be killed.
class child {
public:
  /// Starts argv[0] with `environment` added to ours, its output appended to `log`. Throws std::system_error.
  child(const std::vector<std::string>& argv, const std::map<std::string, std::string>& environment,
        const std::filesystem::path& log);
  child(child&& other) noexcept;
  child& operator=(child&&) = delete;
  ~child();

  pid_t pid() const noexcept { return pid_; }

  /// Has it ended by itself?
  bool ended();

  /// SIGTERM, and SIGKILL after `patience`. @returns seconds it took
  double stop(std::chrono::seconds patience = std::chrono::seconds{20});

private:
  pid_t pid_ = -1;
};

/// Status of `GET path` on 127.0.0.1:port; 0 when nobody answers.
int http_status(std::uint16_t port, const std::string& path);

/// Waits until `GET path` answers 200. @returns seconds since `since`. Throws std::runtime_error (with the end of `log`) when
/// `of` ends or `patience` is over.
double wait_until_ready(child& of, std::uint16_t port, const std::string& path, std::chrono::steady_clock::time_point since,
                        const std::filesystem::path& log, std::chrono::seconds patience = std::chrono::seconds{60});

/// A port on 127.0.0.1 that was free just now.
std::uint16_t free_port();

} // namespace ingot::bench
