#include "commands/doctor.hpp"

#include "config/secrets.hpp"
#include "storage/cluster.hpp"
#include "storage/cluster_layout.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace ingot::commands {

namespace fs = std::filesystem;

namespace {

constexpr double gib = 1024.0 * 1024 * 1024;

std::string in_gib(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GiB", bytes / gib);
  return text;
}

finding examine_server_programs(const settings& of) {
  auto bindir = storage::find_postgres_bindir();
  bool needed = of.database.url.empty();
  if (bindir.empty())
    return {"PostgreSQL server", needed ? verdict::fail : verdict::ok,
            needed ? "not found" : "not found, and not needed with DATABASE_URL",
            needed ? "apt-get install postgresql, or set DATABASE_URL to a database elsewhere" : ""};
  auto version = storage::server_version(bindir);
  bool old = needed && version != 0 && version < 14;
  return {"PostgreSQL server", old ? verdict::fail : verdict::ok, "version " + std::to_string(version) + " in " + bindir.string(),
          old ? "version 14 or newer is needed" : ""};
}

finding examine_secret_file(const fs::path& file) {
  struct stat about {};
  auto name = file.filename().string();
  if (::lstat(file.c_str(), &about) != 0)
    return {"file " + name, verdict::ok, "not there", ""};
  if (!S_ISREG(about.st_mode))
    return {"file " + name, verdict::fail, file.string() + " is no plain file", "remove it; a new one is made at the next start"};
  if ((about.st_mode & 077) != 0)
    return {"file " + name, verdict::fail, "others may read " + file.string(),
            "chmod 600 " + file.string() + ", and think of a new secret"};
  return {"file " + name, verdict::ok, "readable by its owner only", ""};
}

/// The folder itself, or the nearest one above that exists.
fs::path existing(fs::path folder) {
  std::error_code ignored;
  folder = fs::absolute(folder, ignored);
  while (!fs::exists(folder, ignored) && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  return folder;
}

findings examine_folder(const settings& of) {
  std::error_code ignored;
  auto shown = of.data_dir.string();
  if (!fs::exists(of.data_dir, ignored)) {
    auto above = existing(of.data_dir);
    bool possible = ::access(above.c_str(), W_OK | X_OK) == 0;
    return {{"data folder", possible ? verdict::ok : verdict::fail,
             shown + " is not there" + (possible ? "; made at the first start" : ""),
             possible ? "" : "this user may not make it in " + above.string() + "; choose another one with INGOT_DATA_DIR"}};
  }
  if (!fs::is_directory(of.data_dir, ignored))
    return {{"data folder", verdict::fail, shown + " is no folder", "choose another one with INGOT_DATA_DIR"}};
  if (::access(of.data_dir.c_str(), R_OK | W_OK | X_OK) != 0)
    return {{"data folder", verdict::fail, shown + " is not writable for this user", "chown it to the user that runs ingot"}};
  findings out{{"data folder", verdict::ok, shown, ""}};
  out.push_back(examine_secret_file(of.data_dir / webhook_secret_file));
  out.push_back(examine_secret_file(of.data_dir / admin_token_file));
  out.push_back(examine_secret_file(of.data_dir / master_key_file));
  return out;
}

finding examine_disk(const settings& of) {
  std::error_code error;
  auto space = fs::space(existing(of.data_dir), error);
  if (error)
    return {"disk", verdict::warn, "its free space cannot be read: " + error.message(), ""};
  auto free_bytes = static_cast<double>(space.available);
  auto found = in_gib(free_bytes) + " free; the spool may take " + in_gib(static_cast<double>(of.spool.bytes_max));
  if (free_bytes < gib / 4)
    return {"disk", verdict::fail, found, "make room: without it nothing can be kept"};
  if (free_bytes < static_cast<double>(of.spool.bytes_max))
    return {"disk", verdict::warn, found, "make room, or lower spool.bytes_max"};
  return {"disk", verdict::ok, found, ""};
}

finding examine_descriptors(const settings& of) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  // Database, spool, log, libraries.
  auto needed = static_cast<rlim_t>(of.server.connections_max + 256);
  auto found = limit.rlim_cur == RLIM_INFINITY ? std::string{"no limit"} : std::to_string(limit.rlim_cur) + " of this shell";
  if (limit.rlim_cur >= needed)
    return {"open files", verdict::ok, found, ""};
  auto text = found + "; server.connections_max needs " + std::to_string(needed);
  if (limit.rlim_max >= needed)
    return {"open files", verdict::warn, text,
            "ulimit -n " + std::to_string(needed) + " before the start (systemd: LimitNOFILE)"};
  return {"open files", verdict::warn, text, "raise the hard limit (systemd: LimitNOFILE), or lower server.connections_max"};
}

} // namespace

findings examine_machine(const settings& of) {
  findings out{examine_server_programs(of)};
  for (auto& x : examine_folder(of))
    out.push_back(std::move(x));
  out.push_back(examine_disk(of));
  out.push_back(examine_descriptors(of));
  return out;
}

} // namespace ingot::commands
