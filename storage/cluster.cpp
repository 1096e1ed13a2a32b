#include "storage/cluster.hpp"

#include "storage/cluster_layout.hpp"
#include "storage/cluster_process.hpp"
#include "telemetry/log.hpp"

#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <libpq-fe.h>
#include <pqxx/pqxx>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace ingot::storage {

namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

// After a crash the write-ahead log is replayed first: seconds for each gigabyte.
constexpr auto start_limit = 5min;
constexpr auto initdb_limit = 2min;
// A fast shutdown writes a checkpoint.
constexpr auto stop_limit = 60s;
constexpr auto quit_limit = 10s;
constexpr std::uintmax_t log_bytes_max = 8 * 1024 * 1024;

/// Rewritten at each start; what a person sets with ALTER SYSTEM comes later and wins.
constexpr std::string_view settings_text = R"(# Written by ingot at each start: change settings with ALTER SYSTEM.
cluster_name = 'ingot'
max_connections = 40
shared_buffers = 128MB
work_mem = 8MB
maintenance_work_mem = 64MB
max_locks_per_transaction = 256   # daily partitions
synchronous_commit = on
wal_buffers = 16MB
wal_init_zero = off               # a new segment of 16 MB filled with zeros within a COMMIT held up everybody for up to 130 ms
max_wal_size = 2GB                # a steady writer should meet checkpoints by time, not by size
min_wal_size = 256MB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
max_parallel_workers_per_gather = 0
jit = off                         # short statements only
random_page_cost = 1.1
compute_query_id = off
log_min_messages = log            # refused statements are the node's to report, without their values
log_min_error_statement = panic
log_checkpoints = off
log_error_verbosity = terse
log_line_prefix = '%m [%p] '
log_timezone = 'UTC'
timezone = 'UTC'
)";

/// What a server wrote to `file` beyond `from` that tells why it failed, in one line: FATAL and the like, else the end.
std::string reason_in(const fs::path& file, std::uintmax_t from) {
  auto in = std::ifstream{file};
  in.seekg(static_cast<std::streamoff>(from));
  auto telling = std::vector<std::string>{}, last = std::vector<std::string>{};
  for (auto line = std::string{}; std::getline(in, line);) {
    // Without log_line_prefix.
    if (const auto bracket = line.find("] "); bracket != std::string::npos && bracket < 48)
      line.erase(0, bracket + 2);
    for (const auto* mark : {"FATAL:", "PANIC:", "ERROR:", "HINT:", "error:", "hint:"})
      if (line.find(mark) != std::string::npos) {
        telling.push_back(line);
        break;
      }
    last.push_back(line);
    if (last.size() > 3)
      last.erase(last.begin());
  }
  auto text = std::string{};
  for (const auto& line : telling.empty() ? last : telling)
    if (text.size() < 600)
      text += (text.empty() ? "" : "; ") + line;
  return (text.empty() ? "it wrote nothing" : text) + " (all of it: " + file.string() + ")";
}

std::uintmax_t size_of(const fs::path& file) {
  std::error_code absent;
  const auto size = fs::file_size(file, absent);
  return absent ? 0 : size;
}

void append_to(const fs::path& file, std::string_view text) {
  // The folder is the database user's: a link in it must not lead us, perhaps root, elsewhere.
  const int fd = ::open(file.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
  const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  if (fd >= 0)
    ::close(fd);
  if (!written)
    throw std::runtime_error("cannot write to " + file.string());
}

void sync_file_system(const fs::path& of) {
  const int fd = ::open(of.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::syncfs(fd) == 0;
  if (fd >= 0)
    ::close(fd);
  if (!synced)
    throw std::runtime_error("cannot write the file system of " + of.string() + " to the disk");
}

void initialize(const cluster_layout& at, const fs::path& bindir, const std::optional<process::account>& user) {
  // Under another name until it is complete: what a killed initdb left behind is no cluster.
  const auto unfinished = at.home / "data.new";
  fs::remove_all(unfinished);
  fs::create_directory(unfinished);
  ::chmod(unfinished.c_str(), 0700);
  if (user && ::lchown(unfinished.c_str(), user->uid, user->gid) != 0)
    throw std::runtime_error("cannot give " + unfinished.string() + " to the user " + user->name);
  const auto log_file = at.log / "initdb.log";
  fs::remove(log_file);
  const pid_t child = process::spawn({{bindir / "initdb", "-D", unfinished, "-U", "ingot", "-A", "trust", "-E", "UTF8",
                                       "--locale=C.UTF-8", "--data-checksums", "--no-instructions", "--no-sync"},
                                      unfinished,
                                      log_file,
                                      user});
  const auto status = process::wait(child, initdb_limit);
  if (!status) {
    ::kill(child, SIGKILL);
    process::wait(child, quit_limit);
  }
  if (!status || *status != 0)
    throw std::runtime_error("initdb could not make the embedded database in " + at.home.string() + ": " +
                             (status ? reason_in(log_file, 0) : "it takes too long"));
  append_to(unfinished / "postgresql.conf", "\ninclude_if_exists '../ingot.conf'\n");
  // All at once: initdb's own way, an fsync for each of a thousand files, takes seconds on a slow disk.
  sync_file_system(at.home);
  fs::rename(unfinished, at.data);
  sync_file_system(at.home);
}

/// The node was killed a moment ago, and its server is about to follow it; or only the server's postmaster was killed.
void end_leftover_servers(const cluster_layout& at) {
  const auto lock_file = at.data / "postmaster.pid";
  if (!fs::exists(fs::symlink_status(lock_file)))
    return;
  for (const auto& [signal, patience] : {std::pair{SIGINT, 20s}, std::pair{SIGQUIT, 10s}, std::pair{SIGKILL, 5s}}) {
    for (pid_t p : process::servers_in(at.data))
      ::kill(p, signal);
    const auto until = steady_clock::now() + patience;
    while (!process::servers_in(at.data).empty() && steady_clock::now() < until)
      std::this_thread::sleep_for(5ms);
  }
  if (const auto left = process::servers_in(at.data); !left.empty())
    throw std::runtime_error("a PostgreSQL server (process " + std::to_string(left.front()) + ") still runs in " +
                             at.data.string() + " and cannot be stopped");
  // Its number may belong to any process by now, or to a dead one that nobody has waited for: both keep a new server from
  // starting.
  fs::remove(lock_file);
  fs::remove(at.sockets / ".s.PGSQL.5432.lock");
}

bool has_lz4(const cluster_layout& at, const fs::path& bindir) {
  return process::output_of(process::shell_word(bindir / "postgres") + " -D " + process::shell_word(at.data) +
                            " -c wal_compression=lz4 -c default_toast_compression=lz4 -C wal_compression 2>/dev/null")
      .has_value();
}

void write_settings(const cluster_layout& at, const fs::path& bindir) {
  const auto file = at.home / "ingot.conf";
  // An earlier ALTER SYSTEM must not decide what the server is able to do.
  std::string text{settings_text};
  text += has_lz4(at, bindir) ? "wal_compression = lz4\ndefault_toast_compression = lz4\n" : "wal_compression = on\n";
  std::ofstream out{file, std::ios::trunc};
  out << text << std::flush;
  if (!out)
    throw std::runtime_error("cannot write " + file.string());
  out.close();
  ::chmod(file.c_str(), 0644);
}

/// One entry of a list that PostgreSQL splits at commas.
std::string list_entry(const fs::path& path) {
  std::string entry = "\"";
  for (char c : path.native())
    entry += c == '"' ? std::string{"\"\""} : std::string{c};
  return entry + "\"";
}

pid_t start(const cluster_layout& at, const fs::path& bindir, const std::optional<process::account>& user,
            const fs::path& log_file) {
  // What safety rests on is no matter of configuration.
  return process::spawn({{bindir / "postgres", "-D", at.data, "-c", "listen_addresses=", "-c", "port=5432", "-c",
                          "unix_socket_directories=" + list_entry(at.sockets), "-c", "unix_socket_permissions=0700", "-c",
                          "fsync=on", "-c", "full_page_writes=on", "-c", "logging_collector=off", "-c", "log_destination=stderr"},
                         at.data,
                         log_file,
                         user});
}

/// @param log_size of the log before this start
void wait_until_it_answers(pid_t server, const cluster_layout& at, const fs::path& log_file, std::uintmax_t log_size) {
  const auto url = at.url("postgres");
  const auto until = steady_clock::now() + start_limit;
  while (::PQping(url.c_str()) != PQPING_OK) {
    if (process::wait(server, 0ms))
      throw std::runtime_error("the embedded database does not start: " + reason_in(log_file, log_size));
    if (steady_clock::now() > until) {
      ::kill(server, SIGQUIT);
      process::wait(server, quit_limit);
      throw std::runtime_error("the embedded database does not answer after " +
                               std::to_string(std::chrono::seconds{start_limit}.count()) +
                               " s: " + reason_in(log_file, log_size));
    }
    std::this_thread::sleep_for(5ms);
  }
}

void make_database(const cluster_layout& at) {
  pqxx::connection c{at.url("postgres")};
  pqxx::nontransaction t{c};
  // A start that was cut short may have left the cluster without it.
  if (t.exec("SELECT 1 FROM pg_database WHERE datname = 'ingot'").empty())
    t.exec("CREATE DATABASE ingot");
}

void stop(pid_t server) noexcept {
  ::kill(server, SIGINT);
  if (process::wait(server, stop_limit))
    return;
  ::kill(server, SIGQUIT);
  if (process::wait(server, quit_limit))
    return;
  ::kill(server, SIGKILL);
  process::wait(server, quit_limit);
}

/// Whom the cluster in `data_dir` runs as; nothing: as ourselves. One that exists belongs to somebody: root runs it as that user,
/// whoever else is refused, before anything is changed.
std::optional<process::account> account_for(const fs::path& data_dir) {
  const auto data = find_layout(data_dir).data;
  const auto owner = process::owner_of(data);
  if (!owner)
    return process::database_account();
  if (::geteuid() == 0 && owner->uid != 0)
    return owner;
  if (owner->uid != ::geteuid())
    throw std::runtime_error("the embedded database in " + data.string() + " belongs to the user `" + owner->name +
                             "`: run ingot as that user (runuser -u " + owner->name + " -- ingot …) or as root");
  return std::nullopt;
}

} // namespace

struct embedded_cluster::impl {
  std::string url;
  pid_t server = -1;
  pid_t owner = ::getpid();
};

embedded_cluster::embedded_cluster(const fs::path& data_dir) : impl_(std::make_unique<impl>()) {
  const auto began = steady_clock::now();
  const auto user = account_for(data_dir);
  const auto at = make_layout(data_dir, user);
  const auto bindir = bindir_for(at.data);
  if (!fs::exists(at.data))
    initialize(at, bindir, user);
  end_leftover_servers(at);
  write_settings(at, bindir);
  const auto log_file = at.log / "postgres.log";
  if (size_of(log_file) > log_bytes_max)
    fs::rename(log_file, log_file.string() + ".1");
  const auto log_size = size_of(log_file);
  impl_->url = at.url("ingot");
  impl_->server = start(at, bindir, user, log_file);
  wait_until_it_answers(impl_->server, at, log_file, log_size);
  try {
    make_database(at);
  } catch (...) {
    stop(impl_->server);
    throw;
  }
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - began).count();
  log::info("embedded database started",
            {{"path", at.home.native()}, {"process", std::int64_t{impl_->server}}, {"ms", std::int64_t{ms}}});
}

embedded_cluster::~embedded_cluster() {
  // A forked child holds a copy, and the server is not its own.
  if (impl_->owner == ::getpid())
    stop(impl_->server);
}

const std::string& embedded_cluster::url() const noexcept {
  return impl_->url;
}

int embedded_cluster::pid() const noexcept {
  return impl_->server;
}

std::string embedded_url(const fs::path& data_dir) {
  return find_layout(data_dir).url("ingot");
}

} // namespace ingot::storage
