#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace ingot::storage {

/// The exclusive lock on a data folder: `data_dir/ingot.lock` (flock) holding the owner's pid. A killed node's lock is free again
/// by itself. Makes the folder when there is none. Throws std::runtime_error with a clear sentence when another live node (its
/// pid named) holds it, or when the folder cannot be written.
class data_lock {
public:
  explicit data_lock(const std::filesystem::path& data_dir);
  ~data_lock();
  data_lock(const data_lock&) = delete;
  data_lock& operator=(const data_lock&) = delete;

private:
  int fd_ = -1;
};

/// Does a live node hold the lock on `data_dir`? Changes nothing.
bool is_locked(const std::filesystem::path& data_dir);

/// The process that holds it, as it is numbered there; nothing when none does. Changes nothing.
std::optional<int> lock_owner(const std::filesystem::path& data_dir);

/// The embedded database: a private PostgreSQL cluster in `data_dir/postgres`, reached by a Unix socket only (mode 0700),
/// run as an unprivileged user when started as root (`postgres`, else `nobody`), stopped with the node even when that is killed.
/// The caller holds the data_lock.
///
/// In `data_dir/postgres`: `data` (the cluster), `run` (the socket), `log`, `ingot.conf` (our settings, written at each start;
/// ALTER SYSTEM overrules them). Where the socket's path would pass 107 bytes it lies in a private folder that `socket_dir`
/// names. Where the unprivileged user cannot reach `data_dir` (below /root, say), `postgres` is a link to a new folder in
/// /var/lib/ingot.
class embedded_cluster {
public:
  /// Makes the cluster if there is none (initdb), recovers one whose node was killed, starts it and waits until it answers.
  /// Throws std::runtime_error that says what is wrong and what to do: no PostgreSQL server found, data of another major
  /// version whose server is not installed, permissions.
  /// The server lives no longer than the calling thread (PR_SET_PDEATHSIG is bound to it): call it on the main thread.
  explicit embedded_cluster(const std::filesystem::path& data_dir);

  /// Fast shutdown, waits.
  ~embedded_cluster();

  /// libpq connection string.
  const std::string& url() const noexcept;

  /// Process id of the postmaster.
  int pid() const noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Where initdb and postgres are: `pg_config --bindir`, else the newest /usr/lib/postgresql/*/bin, else the PATH.
/// Empty when there is none.
std::filesystem::path find_postgres_bindir();

/// Connection string of a running embedded cluster in `data_dir` without starting it (for `ingot psql`, `deliveries list`).
/// Whether it runs shows when connecting.
std::string embedded_url(const std::filesystem::path& data_dir);

} // namespace ingot::storage
