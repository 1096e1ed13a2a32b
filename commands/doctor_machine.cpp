#include "commands/doctor.hpp"

#include "commands/process_bounds.hpp"
#include "config/master_keys.hpp"
#include "config/secrets.hpp"
#include "storage/cluster.hpp"
#include "storage/cluster_layout.hpp"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdio>
#include <limits>

namespace ingot::commands {

namespace fs = std::filesystem;

// Headers of older kernels lack them (statfs(2)).
#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xFF534D42
#endif
#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC 0xFE534D42
#endif
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

namespace {

// ProtectSystem=strict: everything else is read-only to the unit.
constexpr auto by_systemd = " (the systemd unit writes to /var/lib/ingot and to what its ReadWritePaths names)";
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
  if (needed) {
    try {
      storage::bindir_for(storage::find_layout(of.data_dir).data);
    } catch (const std::exception& e) {
      return {"PostgreSQL server", verdict::fail, e.what(),
              "install that version beside; an embedded database is not upgraded by itself"};
    }
  }
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

/// A file system that forgets, or whose locks and fsync are not to be relied on.
std::string doubtful_file_system(const fs::path& folder) {
  struct statfs about {};
  if (::statfs(folder.c_str(), &about) != 0)
    return {};
  switch (static_cast<std::uint32_t>(about.f_type)) {
  case TMPFS_MAGIC:
    return "tmpfs: it is empty after a reboot";
  case RAMFS_MAGIC:
    return "ramfs: it is empty after a reboot";
  case OVERLAYFS_SUPER_MAGIC:
    return "the layer of a container: it ends with that";
  case NFS_SUPER_MAGIC:
    return "NFS: locks and fsync depend on another machine";
  case SMB_SUPER_MAGIC:
  case SMB2_SUPER_MAGIC:
  case CIFS_SUPER_MAGIC:
    return "a Windows share: locks and fsync depend on another machine";
  case FUSE_SUPER_MAGIC:
    return "FUSE: locks and fsync are what its program makes of them";
  default:
    return {};
  }
}

/// Files that somebody else left behind, root for one, and that the folder's owner cannot use.
findings examine_owners(const settings& of) {
  struct stat folder {};
  if (::stat(of.data_dir.c_str(), &folder) != 0)
    return {};
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(of.data_dir, ignored)) {
    struct stat about {};
    const auto name = entry.path().filename().string();
    // The embedded database may belong to another user when the node runs as root; lost+found is the file system's own.
    if (::lstat(entry.path().c_str(), &about) != 0 || about.st_uid == folder.st_uid ||
        (name == "postgres" && folder.st_uid == 0) || name == "lost+found")
      continue;
    return {{"owner of files", verdict::fail,
             name + " in " + of.data_dir.string() + " belongs to user " + std::to_string(about.st_uid) + ", the folder to user " +
                 std::to_string(folder.st_uid),
             "a command was run as another user: chown -R --reference=" + of.data_dir.string() + " " + entry.path().string() +
                 ", and run commands as the node's user (runuser -u ingot -- ingot …)"}};
  }
  return {{"owner of files", verdict::ok, "the same as of the folder", ""}};
}

findings examine_folder(const settings& of) {
  std::error_code ignored;
  auto shown = of.data_dir.string();
  if (!fs::exists(of.data_dir, ignored)) {
    auto above = existing(of.data_dir);
    bool possible = ::access(above.c_str(), W_OK | X_OK) == 0;
    return {{"data folder", possible ? verdict::ok : verdict::fail,
             shown + " is not there" + (possible ? "; made at the first start" : ""),
             possible
                 ? ""
                 : "this user may not make it in " + above.string() + "; choose another one with INGOT_DATA_DIR" + by_systemd}};
  }
  if (!fs::is_directory(of.data_dir, ignored))
    return {{"data folder", verdict::fail, shown + " is no folder", "choose another one with INGOT_DATA_DIR"}};
  if (::access(of.data_dir.c_str(), R_OK | W_OK | X_OK) != 0)
    return {{"data folder", verdict::fail, shown + " is not writable for this user",
             std::string{"chown it to the user that runs ingot"} + by_systemd}};
  const auto doubtful = doubtful_file_system(of.data_dir);
  findings out{
      {"data folder", doubtful.empty() ? verdict::ok : verdict::warn, shown + (doubtful.empty() ? "" : " is on " + doubtful),
       doubtful.empty()
           ? ""
           : std::string{"put it on a local disk (INGOT_DATA_DIR): what was acknowledged must outlive a crash"} + by_systemd}};
  append(out, examine_owners(of));
  out.push_back(examine_secret_file(of.data_dir / webhook_secret_file));
  out.push_back(examine_secret_file(of.data_dir / admin_token_file));
  out.push_back(examine_secret_file(of.data_dir / master_key_file));
  out.push_back(examine_secret_file(of.data_dir / previous_master_key_file));
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
  const auto judged = find_judged_process(of);
  const auto limit = open_file_limits_of(judged.proc);
  if (!limit)
    return {"open files", verdict::warn, "their limit cannot be read (" + judged.proc.string() + "/limits)", ""};
  // Database, spool, log, libraries.
  const auto needed = std::uint64_t{of.server.connections_max} + 256;
  const auto unlimited = limit->soft == std::numeric_limits<std::uint64_t>::max();
  const auto found = (unlimited ? "no limit" : std::to_string(limit->soft)) + " of " + judged.name;
  if (limit->soft >= needed)
    return {"open files", verdict::ok, found, ""};
  auto text = found + "; server.connections_max needs " + std::to_string(needed);
  if (limit->hard >= needed)
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
