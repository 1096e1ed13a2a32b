#include "storage/cluster_layout.hpp"

#include "storage/cluster.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace ingot::storage {

namespace {

constexpr std::string_view socket_name = "/.s.PGSQL.5432";
constexpr std::size_t socket_path_max = sizeof(sockaddr_un::sun_path) - 1;

std::runtime_error system_failure(const std::string& what) {
  return std::runtime_error(what + ": " + std::generic_category().message(errno));
}

/// Makes `folder` with exactly these rights; it may exist.
void make_folder(const fs::path& folder, mode_t mode, const std::optional<process::account>& owner) {
  if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST)
    throw system_failure("cannot make the folder " + folder.string());
  if (owner && ::lchown(folder.c_str(), owner->uid, owner->gid) != 0)
    throw system_failure("cannot give the folder " + folder.string() + " to the user " + owner->name);
  struct stat state {};
  if (::lstat(folder.c_str(), &state) != 0 || !S_ISDIR(state.st_mode))
    throw std::runtime_error(folder.string() + " is not a folder");
  if ((state.st_mode & 07777) != mode && ::chmod(folder.c_str(), mode) != 0)
    throw system_failure("cannot set the rights of " + folder.string());
}

std::string stable_name(const fs::path& path) {
  std::uint64_t hash = 14695981039346656037ULL; // FNV-1a: stable between builds, unlike std::hash
  for (unsigned char c : path.native())
    hash = (hash ^ c) * 1099511628211ULL;
  char text[17];
  return {text, std::to_chars(text, text + 16, hash, 16).ptr};
}

/// In a folder that everybody may write to somebody else may have been first.
void make_socket_folder(const fs::path& folder, const std::optional<process::account>& owner) {
  const uid_t uid = owner ? owner->uid : ::geteuid();
  struct stat state {};
  if (::lstat(folder.c_str(), &state) == 0 && (!S_ISDIR(state.st_mode) || (state.st_uid != uid && state.st_uid != ::geteuid())))
    throw std::runtime_error("the folder " + folder.string() +
                             ", meant for the database's socket, belongs to somebody else: remove it, "
                             "or choose a data folder with a shorter path");
  make_folder(folder, 0700, owner);
}

fs::path socket_folder(const fs::path& home, const std::optional<process::account>& owner) {
  auto folder = home / "run";
  const auto record = home / "socket_dir";
  // libpq takes a comma for the end of a host.
  const bool usable =
      folder.native().size() + socket_name.size() <= socket_path_max && folder.native().find(',') == std::string::npos;
  if (usable) {
    fs::remove(record);
    make_folder(folder, 0700, owner);
    return folder;
  }
  const bool root = ::geteuid() == 0;
  folder = root && fs::is_directory("/run") ? fs::path{"/run"} : fs::path{"/tmp"};
  folder /= "ingot-" + stable_name(home);
  make_socket_folder(folder, owner);
  std::ofstream{record} << folder.native() << '\n';
  return folder;
}

/// The unprivileged user cannot get through `closed`, so the cluster lies elsewhere and `link` leads to it.
void link_reachable_home(const fs::path& link, const fs::path& closed, const process::account& user) {
  const std::string advice = "the database runs as the user `" + user.name + "`, who cannot enter " + closed.string() +
                             ": allow it with `chmod o+x " + closed.string() +
                             "`, or name another data folder with INGOT_DATA_DIR (or a database with DATABASE_URL)";
  const fs::path base = "/var/lib/ingot";
  std::string home = base / "postgres-XXXXXX";
  std::error_code problem;
  fs::create_directories(base, problem);
  if (problem || process::first_closed_folder(base, user) || ::mkdtemp(home.data()) == nullptr)
    throw std::runtime_error(advice);
  fs::create_directory_symlink(home, link);
  log::warn("the embedded database lies outside of the data folder", {{"reason", advice}, {"path", home}});
}

} // namespace

std::string cluster_layout::url(const std::string& name) const {
  std::string host;
  for (char c : sockets.native())
    host += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return "host='" + host + "' port=5432 user=ingot dbname=" + name;
}

cluster_layout find_layout(const fs::path& data_dir) {
  cluster_layout l;
  l.home = fs::weakly_canonical(fs::absolute(data_dir) / "postgres");
  l.data = l.home / "data";
  l.log = l.home / "log";
  l.sockets = l.home / "run";
  std::string recorded;
  if (std::getline(std::ifstream{l.home / "socket_dir"}, recorded) && !recorded.empty())
    l.sockets = recorded;
  return l;
}

cluster_layout make_layout(const fs::path& data_dir, const std::optional<process::account>& user) {
  fs::create_directories(data_dir);
  const auto base = fs::canonical(data_dir);
  const auto home = base / "postgres";
  std::error_code ignored;
  const bool exists = fs::exists(fs::symlink_status(home, ignored));
  if (user && !exists)
    if (const auto closed = process::first_closed_folder(base, *user))
      link_reachable_home(home, *closed, *user);
  if (!fs::exists(fs::symlink_status(home, ignored)))
    make_folder(home, 0711, std::nullopt);

  auto l = find_layout(data_dir);
  if (!fs::is_directory(l.home))
    throw std::runtime_error(home.string() + " leads to " + fs::read_symlink(home, ignored).string() +
                             ", which is no folder: restore that, or remove the link to start with an empty database");
  ::chmod(l.home.c_str(), 0711);
  if (user)
    if (const auto closed = process::first_closed_folder(l.home, *user))
      throw std::runtime_error("the database runs as the user `" + user->name + "`, who cannot enter " + closed->string() +
                               ": allow it with `chmod o+x " + closed->string() + "`");
  make_folder(l.log, 0700, std::nullopt);
  l.sockets = socket_folder(l.home, user);
  return l;
}

} // namespace ingot::storage
