#include "storage/spool.hpp"

#include "tests/storage/memory_disk.hpp"
#include "tests/storage/refusal.hpp"
#include "tests/storage/spool_fixture.hpp"
#include "tests/storage/switched_off.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

namespace ingot::storage {

TEST_CASE("law 1: after a failed fsync nothing is acknowledged until the spool is opened anew") {
  testing::temporary_folder folder;
  testing::memory_disk disk;
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
  testing::memory_disk disk;
  spool s{folder.path(), {}};
  append(s, {numbered_delivery(1)});
  disk.sync_code = SQLITE_IOERR_FSYNC;
  CHECK_THROWS(append(s, {numbered_delivery(2)}));
}

TEST_CASE("law 1: a delivery whose fsync failed is acknowledged as a duplicate only once it is on the disk") {
  testing::temporary_folder folder;
  testing::memory_disk disk;
  const auto life = [&](auto&& work) {
    {
      spool s{folder.path(), {}};
      work(s);
      disk.die();
    }
    disk.restart();
  };
  life([&](spool& s) {
    append(s, {numbered_delivery(1)});
    disk.sync_code = SQLITE_IOERR_FSYNC;
    disk.failed_sync_loses = true;
    CHECK_THROWS(append(s, {numbered_delivery(2)}));
    disk.sync_code = SQLITE_OK;
  });
  // The system still has its bytes; its sender comes again, and is told that it is kept.
  life([&](spool& s) { CHECK(append(s, {numbered_delivery(2)}) == std::vector{false}); });
  disk.restart_after_power_cut(folder.path(), 1);
  spool s{folder.path(), {}};
  CHECK(drain(s).size() == 2);
}

TEST_CASE("law 1: a spool takes nothing over what a death left of a group until there is room to bring its log over") {
  testing::temporary_folder folder;
  testing::memory_disk disk;
  {
    spool s{folder.path(), {}};
    append(s, {numbered_delivery(1)});
    disk.die_in(20, false);
    CHECK_THROWS(append(s, {numbered_delivery(2, 60'000)}));
    disk.die();
  }
  disk.restart();
  disk.refuses_growth = true;
  {
    spool s{folder.path(), {}};
    CHECK(s.damage() == "");
    CHECK(s.oldest(10).size() == 1);
    CHECK(testing::holds(testing::refusal([&] { append(s, {numbered_delivery(3)}); }), "full"));
    disk.refuses_growth = false;
    CHECK(append(s, {numbered_delivery(3)}) == std::vector{true});
    disk.die();
  }
  disk.restart();
  spool s{folder.path(), {}};
  CHECK(s.damage() == "");
  CHECK(drain(s).size() == 2);
}

TEST_CASE("law 1: a spool that cannot bring to the disk what an earlier life left can be drained, and takes nothing") {
  testing::temporary_folder folder;
  testing::memory_disk disk;
  {
    spool s{folder.path(), {}};
    append(s, {numbered_delivery(1)});
    disk.die();
  }
  disk.restart();
  disk.sync_code = SQLITE_IOERR_FSYNC;
  spool s{folder.path(), {}};
  disk.sync_code = SQLITE_OK;
  CHECK(testing::holds(testing::refusal([&] { append(s, {numbered_delivery(1)}); }), "not trusted"));
  CHECK(drain(s).size() == 1);
}

TEST_CASE("a spool opened on a full disk takes again when there is room") {
  testing::temporary_folder folder;
  testing::memory_disk disk;
  {
    spool s{folder.path(), {}};
    append(s, {numbered_delivery(1)});
    disk.die();
  }
  disk.restart();
  disk.write_code = SQLITE_FULL;
  spool s{folder.path(), {}};
  CHECK(s.depth() == 1);
  CHECK(testing::holds(testing::refusal([&] { append(s, {numbered_delivery(2)}); }), "full"));
  disk.write_code = SQLITE_OK;
  CHECK(append(s, {numbered_delivery(2)}) == std::vector{true});
}

TEST_CASE("test switches: without fsync a spool acknowledges what no fsync has followed") {
  const testing::switched_off off{"fsync"};
  if (!off)
    return;
  testing::temporary_folder folder;
  testing::memory_disk disk;
  spool s{folder.path(), {}};
  const auto before = disk.syncs;
  CHECK(append(s, {numbered_delivery(1)}) == std::vector{true});
  CHECK(disk.syncs == before);
}

TEST_CASE("a full disk refuses the group, keeps what was there, and takes again when there is room") {
  testing::temporary_folder folder;
  testing::memory_disk disk;
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
  testing::memory_disk disk;
  spool s{folder.path(), {}};
  append(s, {numbered_delivery(1)});
  disk.write_code = SQLITE_IOERR_WRITE;
  CHECK_THROWS(append(s, {numbered_delivery(2)}));
  disk.write_code = SQLITE_OK;
  CHECK(testing::holds(testing::refusal([&] { append(s, {numbered_delivery(2)}); }), "not trusted"));
}

} // namespace ingot::storage
