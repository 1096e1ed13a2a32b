#include "storage/spool.hpp"

#include "tests/storage/refusal.hpp"
#include "tests/storage/spool_fixture.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <cstring>

#include <sqlite3.h>

namespace ingot::storage {

namespace {

/// A file system between SQLite and the real one, whose disk fails on demand (kill -9 proves nothing about fsync).
class failing_disk {
public:
  failing_disk() {
    real = sqlite3_vfs_find(nullptr);
    vfs = *real;
    vfs.zName = "failing";
    vfs.szOsFile = static_cast<int>(sizeof(failing_file)) + real->szOsFile;
    vfs.xOpen = open;
    sqlite3_vfs_register(&vfs, 1);
    sync_code = write_code = SQLITE_OK;
  }
  ~failing_disk() {
    sqlite3_vfs_register(real, 1);
    sqlite3_vfs_unregister(&vfs);
  }
  failing_disk(const failing_disk&) = delete;
  failing_disk& operator=(const failing_disk&) = delete;

  static inline int sync_code = SQLITE_OK;
  static inline int write_code = SQLITE_OK;

private:
  struct failing_file {
    sqlite3_file base;
    const sqlite3_io_methods* real_methods;
    sqlite3_io_methods methods;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };

  // The real file lies behind ours; these two are changed, the others passed on.
  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    auto* f = reinterpret_cast<failing_file*>(file);
    std::memset(static_cast<void*>(f), 0, sizeof *f);
    const int code = real->xOpen(real, name, f->real(), flags, out);
    if (f->real()->pMethods == nullptr)
      return code;
    f->methods = pass_on;
    f->methods.iVersion = 1; // no shared memory: the spool's lock is exclusive
    f->base.pMethods = &f->methods;
    return code;
  }

  static sqlite3_file* behind(sqlite3_file* f) { return reinterpret_cast<failing_file*>(f)->real(); }

  static inline sqlite3_vfs* real = nullptr;
  static inline sqlite3_vfs vfs{};
  static inline const sqlite3_io_methods pass_on = [] {
    sqlite3_io_methods m{};
    m.xClose = [](sqlite3_file* f) { return behind(f)->pMethods->xClose(behind(f)); };
    m.xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) { return behind(f)->pMethods->xRead(behind(f), to, n, at); };
    m.xWrite = [](sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
      return write_code != SQLITE_OK ? write_code : behind(f)->pMethods->xWrite(behind(f), from, n, at);
    };
    m.xTruncate = [](sqlite3_file* f, sqlite3_int64 n) { return behind(f)->pMethods->xTruncate(behind(f), n); };
    m.xSync = [](sqlite3_file* f, int flags) {
      return sync_code != SQLITE_OK ? sync_code : behind(f)->pMethods->xSync(behind(f), flags);
    };
    m.xFileSize = [](sqlite3_file* f, sqlite3_int64* n) { return behind(f)->pMethods->xFileSize(behind(f), n); };
    m.xLock = [](sqlite3_file* f, int level) { return behind(f)->pMethods->xLock(behind(f), level); };
    m.xUnlock = [](sqlite3_file* f, int level) { return behind(f)->pMethods->xUnlock(behind(f), level); };
    m.xCheckReservedLock = [](sqlite3_file* f, int* out) { return behind(f)->pMethods->xCheckReservedLock(behind(f), out); };
    m.xFileControl = [](sqlite3_file* f, int op, void* arg) { return behind(f)->pMethods->xFileControl(behind(f), op, arg); };
    m.xSectorSize = [](sqlite3_file* f) { return behind(f)->pMethods->xSectorSize(behind(f)); };
    m.xDeviceCharacteristics = [](sqlite3_file* f) { return behind(f)->pMethods->xDeviceCharacteristics(behind(f)); };
    return m;
  }();
};

} // namespace

TEST_CASE("law 1: after a failed fsync nothing is acknowledged until the spool is opened anew") {
  testing::temporary_folder folder;
  failing_disk disk;
  {
    spool s{folder.path(), {}};
    append(s, {numbered_delivery(1)});
    disk.sync_code = SQLITE_IOERR_FSYNC;
    CHECK_FALSE(testing::refusal([&] { append(s, {numbered_delivery(2)}); }).empty());
    CHECK(s.depth() == 1);
    // The disk says that it is well again; what it lost meanwhile nobody knows.
    disk.sync_code = SQLITE_OK;
    CHECK(testing::holds(testing::refusal([&] { append(s, {numbered_delivery(3)}); }), "not trusted"));
    CHECK(s.depth() == 1);
  }
  spool s{folder.path(), {}};
  CHECK(s.depth() >= 1);
  CHECK(same(s.oldest(1).front().kept, numbered_delivery(1)));
  CHECK(append(s, {numbered_delivery(3)}) == std::vector{true});
}

TEST_CASE("law 1: every acknowledged group was synced") {
  testing::temporary_folder folder;
  failing_disk disk;
  spool s{folder.path(), {}};
  append(s, {numbered_delivery(1)});
  disk.sync_code = SQLITE_IOERR_FSYNC;
  CHECK_THROWS(append(s, {numbered_delivery(2)}));
}

TEST_CASE("a full disk refuses the group, keeps what was there, and takes again when there is room") {
  testing::temporary_folder folder;
  failing_disk disk;
  spool s{folder.path(), {}};
  append(s, {numbered_delivery(1)});
  disk.write_code = SQLITE_FULL;
  CHECK(testing::holds(testing::refusal([&] { append(s, {numbered_delivery(2), numbered_delivery(3)}); }), "full"));
  CHECK(s.depth() == 1);
  disk.write_code = SQLITE_OK;
  CHECK(append(s, {numbered_delivery(2)}) == std::vector{true});
  CHECK(drain(s).size() == 2);
}

TEST_CASE("a write error of the disk ends the trust as a failed fsync does") {
  testing::temporary_folder folder;
  failing_disk disk;
  spool s{folder.path(), {}};
  append(s, {numbered_delivery(1)});
  disk.write_code = SQLITE_IOERR_WRITE;
  CHECK_THROWS(append(s, {numbered_delivery(2)}));
  disk.write_code = SQLITE_OK;
  CHECK(testing::holds(testing::refusal([&] { append(s, {numbered_delivery(2)}); }), "not trusted"));
}

} // namespace ingot::storage
