#include "storage/database_dump.hpp"

#include "storage/cluster.hpp"
#include "storage/cluster_layout.hpp"
#include "storage/cluster_process.hpp"
#include "storage/server_facts.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

namespace ingot::storage {

namespace {

namespace fs = std::filesystem;

/// The oldest program `name` that understands a server of `major`: a newer one may write what the older server does not know.
fs::path client_program(const std::string& name, int major) {
  auto best = fs::path{};
  auto best_version = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const auto version = std::atoi(entry.path().filename().c_str());
    const auto program = entry.path() / "bin" / name;
    if (version >= major && (best_version == 0 || version < best_version) && ::access(program.c_str(), X_OK) == 0) {
      best = program;
      best_version = version;
    }
  }
  if (!best.empty())
    return best;
  if (const auto bindir = find_postgres_bindir();
      !bindir.empty() && server_version(bindir) >= major && ::access((bindir / name).c_str(), X_OK) == 0)
    return bindir / name;
  throw std::runtime_error(name + " of version " + std::to_string(major) +
                           " or newer is not installed: apt-get install postgresql-client-" + std::to_string(major));
}

/// Our environment with the way to the database in it.
std::vector<std::string> environment_of(const std::string& url) {
  auto out = std::vector<std::string>{};
  for (const auto& [name, value] : libpq_environment(url))
    out.push_back(name + "=" + value);
  const auto is_set = [&](std::string_view entry) {
    const auto name = entry.substr(0, entry.find('=') + 1);
    return std::any_of(out.begin(), out.end(), [&](const auto& x) { return x.starts_with(name); });
  };
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (!is_set(*entry))
      out.emplace_back(*entry);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& x : words)
    out.push_back(x.data());
  out.push_back(nullptr);
  return out;
}

/// The last of what was written to `file`.
std::string end_of(std::FILE* file) {
  auto text = std::string{};
  auto piece = std::array<char, 4096>{};
  std::rewind(file);
  while (const auto got = std::fread(piece.data(), 1, piece.size(), file))
    text.append(piece.data(), got);
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  return text.size() > 1'000 ? "… " + text.substr(text.size() - 1'000) : text;
}

/// Runs it to its end. Throws with what it said when it failed.
void run(std::vector<std::string> words, const std::string& url, const std::function<void()>& each_second) {
  const auto says = std::unique_ptr<std::FILE, int (*)(std::FILE*)>{std::tmpfile(), &std::fclose};
  if (!says)
    throw std::runtime_error("cannot make a temporary file: " + std::generic_category().message(errno));
  auto environment = environment_of(url);
  auto arguments = pointers(words);
  auto variables = pointers(environment);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ::fileno(says.get()), 1);
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child = -1;
  const auto error = ::posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), variables.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    throw std::runtime_error("cannot start " + words.front() + ": " + std::generic_category().message(error));
  auto status = std::optional<int>{};
  while (!(status = process::wait(child, std::chrono::seconds{1})))
    each_second();
  const auto text = end_of(says.get());
  if (*status != 0)
    throw std::runtime_error(words.front() + " failed: " + (text.empty() ? "it said nothing" : text));
}

std::uint64_t size_of(const fs::path& file) {
  std::error_code absent;
  const auto size = fs::file_size(file, absent);
  return absent ? 0 : size;
}

} // namespace

void dump_database(const std::string& url, const std::string& snapshot, int server_major, const fs::path& file,
                   const dump_progress& progress) {
  // Bodies are compressed already: more than the least effort gains nothing.
  run({client_program("pg_dump", server_major).string(), "--format=custom", "--compress=1", "--no-owner", "--no-privileges",
       "--no-password", "--lock-wait-timeout=60s", "--snapshot=" + snapshot, "--file=" + file.string()},
      url, [&] { progress(size_of(file)); });
  fs::permissions(file, fs::perms{0600});
}

void restore_database(const std::string& url, int server_major, const fs::path& file, const dump_progress& progress) {
  // --dbname: what else is needed stands in the environment.
  run({client_program("pg_restore", server_major).string(), "--no-owner", "--no-privileges", "--no-password",
       "--single-transaction", "--exit-on-error", "--dbname=fallback_application_name=ingot", file.string()},
      url, [&] { progress(0); });
}

} // namespace ingot::storage
