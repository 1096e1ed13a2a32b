#include "tests/storage/memory_disk.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ingot::testing {

namespace {

/// Null: there is no such file.
std::uint64_t inode_of(const std::string& path) {
  struct stat state {};
  return ::stat(path.c_str(), &state) == 0 ? state.st_ino : 0;
}

std::string read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat state {};
  if (fd < 0 || ::fstat(fd, &state) != 0)
    throw std::runtime_error("cannot read " + path);
  std::string bytes(static_cast<std::size_t>(state.st_size), '\0');
  const auto got = ::read(fd, bytes.data(), bytes.size());
  ::close(fd);
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

void write_file(const std::string& path, const std::string& bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  const bool done = fd >= 0 && ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  ::close(fd);
  if (!done)
    throw std::runtime_error("cannot write " + path);
}

memory_disk* disk = nullptr;
sqlite3_vfs* real = nullptr;

} // namespace

/// SQLite's calls.
struct memory_vfs {
  struct file {
    sqlite3_file base;
    memory_disk::content* data;
    std::string* path;
    std::vector<char*>* shared; ///< memory of the log's index, for files that are not opened exclusively
  };

  static file& of(sqlite3_file* f) { return *reinterpret_cast<file*>(f); }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* f, int flags, int* out) {
    auto& x = of(f);
    x.base.pMethods = nullptr;
    if (name == nullptr || disk->dead_)
      return SQLITE_CANTOPEN;
    const int fd = ::open(name, O_RDWR | ((flags & SQLITE_OPEN_CREATE) != 0 ? O_CREAT : 0) | O_CLOEXEC, 0600);
    if (fd < 0)
      return SQLITE_CANTOPEN;
    ::close(fd);
    x.path = new std::string{name};
    x.shared = new std::vector<char*>;
    x.data = &disk->content_of(name);
    ++x.data->opened;
    x.base.pMethods = &methods;
    if (out != nullptr)
      *out = flags;
    return SQLITE_OK;
  }

  static int close(sqlite3_file* f) {
    auto& x = of(f);
    if (--x.data->opened == 0 && x.data->dirty)
      memory_disk::put_in_folder(*x.path, *x.data);
    unmap(f, 1);
    delete x.path;
    delete x.shared;
    return SQLITE_OK;
  }

  static int read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
    const auto& bytes = of(f).data->bytes;
    const auto count = static_cast<std::size_t>(n), from = static_cast<std::size_t>(at);
    const auto got = from >= bytes.size() ? 0 : std::min(count, bytes.size() - from);
    if (got > 0)
      std::memcpy(to, bytes.data() + from, got);
    std::memset(static_cast<char*>(to) + got, 0, count - got);
    return got == count ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }

  static void change(file& x, bench::unsynced_change&& c) {
    bench::apply_change(x.data->bytes, c);
    x.data->unsynced.push_back(std::move(c));
    x.data->dirty = true;
  }

  static int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    if (!disk->dead_ && disk->write_code != SQLITE_OK)
      return disk->write_code;
    if (disk->refuses_growth && static_cast<std::size_t>(at + n) > of(f).data->bytes.size())
      return SQLITE_FULL;
    if (n > 0x1ffff)
      return SQLITE_FULL; // as SQLite's own for Unix, which writes so many bytes modulo 128 KiB
    auto bytes = std::string(static_cast<const char*>(from), static_cast<std::size_t>(n));
    if (const bool was_dead = disk->dead_; disk->dies_here()) {
      if (!was_dead && disk->torn_) {
        disk->tore_ = true;
        change(of(f), {true, static_cast<std::uint64_t>(at), bytes.substr(0, bytes.size() / 2)});
      }
      return SQLITE_IOERR_WRITE;
    }
    change(of(f), {true, static_cast<std::uint64_t>(at), std::move(bytes)});
    return SQLITE_OK;
  }

  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    if (disk->dies_here())
      return SQLITE_IOERR_TRUNCATE;
    change(of(f), {false, static_cast<std::uint64_t>(size), {}});
    return SQLITE_OK;
  }

  static int sync(sqlite3_file* f, int) {
    auto& x = *of(f).data;
    if (disk->dies_here())
      return SQLITE_IOERR_FSYNC;
    if (disk->sync_code != SQLITE_OK) {
      ++disk->failed_syncs;
      if (disk->failed_sync_loses)
        x.unsynced.clear();
      return disk->sync_code;
    }
    ++disk->syncs;
    for (const auto& c : x.unsynced)
      bench::apply_change(x.durable, c);
    x.unsynced.clear();
    return SQLITE_OK;
  }

  static int size(sqlite3_file* f, sqlite3_int64* n) {
    *n = static_cast<sqlite3_int64>(of(f).data->bytes.size());
    return SQLITE_OK;
  }

  static int map(sqlite3_file* f, int region, int bytes, int, void volatile** to) {
    auto& all = *of(f).shared;
    while (all.size() <= static_cast<std::size_t>(region))
      all.push_back(new char[static_cast<std::size_t>(bytes)]());
    *to = all[static_cast<std::size_t>(region)];
    return SQLITE_OK;
  }

  static int unmap(sqlite3_file* f, int) {
    for (auto* x : *of(f).shared)
      delete[] x;
    of(f).shared->clear();
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs*, const char* name, int) {
    if (disk->dead_)
      return SQLITE_IOERR_DELETE;
    const auto inode = inode_of(name);
    if (inode == 0)
      return SQLITE_IOERR_DELETE_NOENT;
    disk->contents_.erase(inode);
    ::unlink(name);
    return SQLITE_OK;
  }

  static int access(sqlite3_vfs*, const char* name, int, int* out) {
    *out = inode_of(name) != 0 ? 1 : 0;
    return SQLITE_OK;
  }

  static int full_name(sqlite3_vfs*, const char* name, int n, char* out) {
    sqlite3_snprintf(n, out, "%s", name);
    return SQLITE_OK;
  }

  static inline const sqlite3_io_methods methods = [] {
    sqlite3_io_methods m{};
    m.iVersion = 2;
    m.xClose = close;
    m.xRead = read;
    m.xWrite = write;
    m.xTruncate = truncate;
    m.xSync = sync;
    m.xFileSize = size;
    m.xLock = m.xUnlock = [](sqlite3_file*, int) { return SQLITE_OK; };
    m.xCheckReservedLock = [](sqlite3_file*, int* out) { return *out = 0; };
    m.xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; };
    m.xSectorSize = [](sqlite3_file*) { return 4096; };
    m.xDeviceCharacteristics = [](sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }; // as unix says of every disk
    m.xShmMap = map;
    m.xShmLock = [](sqlite3_file*, int, int, int) { return SQLITE_OK; };
    m.xShmBarrier = [](sqlite3_file*) {};
    m.xShmUnmap = unmap;
    return m;
  }();

  static inline sqlite3_vfs vfs{};
};

memory_disk::memory_disk() {
  disk = this;
  real = sqlite3_vfs_find(nullptr);
  auto& vfs = memory_vfs::vfs;
  vfs = *real;
  vfs.zName = "memory_disk";
  vfs.szOsFile = sizeof(memory_vfs::file);
  vfs.xOpen = memory_vfs::open;
  vfs.xDelete = memory_vfs::remove;
  vfs.xAccess = memory_vfs::access;
  vfs.xFullPathname = memory_vfs::full_name;
  sqlite3_vfs_register(&vfs, 1);
}

memory_disk::~memory_disk() {
  sqlite3_vfs_register(real, 1);
  sqlite3_vfs_unregister(&memory_vfs::vfs);
  disk = nullptr;
}

void memory_disk::die_in(std::uint64_t n, bool torn) {
  dies_in_ = n;
  torn_ = torn;
}

void memory_disk::die() {
  dead_ = true;
}

bool memory_disk::dies_here() {
  if (dies_in_ > 0 && --dies_in_ == 0)
    dead_ = true;
  return dead_;
}

void memory_disk::restart() {
  dead_ = tore_ = false;
  dies_in_ = 0;
}

void memory_disk::restart_after_power_cut(const std::filesystem::path& folder, std::uint64_t seed) {
  restart();
  std::map<std::string, std::uint64_t> files;
  for (const auto& x : std::filesystem::directory_iterator(folder))
    files[x.path()] = inode_of(x.path());
  for (const auto& [path, inode] : files) {
    const auto at = contents_.find(inode);
    if (at == contents_.end())
      continue;
    auto& x = at->second;
    x.bytes = x.durable = bench::after_power_cut(std::move(x.durable), x.unsynced, seed++);
    x.unsynced.clear();
    put_in_folder(path, x);
  }
  contents_.clear();
}

void memory_disk::put_in_folder(const std::string& path, content& x) {
  write_file(path, x.bytes);
  x.dirty = false;
}

memory_disk::content& memory_disk::content_of(const std::string& path) {
  auto& x = contents_[inode_of(path)];
  if (x.opened > 0)
    return x;
  auto bytes = read_file(path);
  // Written without SQLite, or another file with the number of one that is gone: taken as it is.
  if (bytes != x.bytes) {
    x.durable = x.bytes = std::move(bytes);
    x.unsynced.clear();
  }
  return x;
}

} // namespace ingot::testing
