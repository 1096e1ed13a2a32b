#include "bench/faults/shim_control.hpp"
#include "bench/faults/volatile_file.hpp"
#include "tests/bench/faults/shimmed_process.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <sstream>

namespace fs = std::filesystem;

using ingot::bench::shim_control;
using ingot::testing::shimmed_process;

namespace {

/// A seed of a cut that takes all that was not synced (volatile_file::after_cut).
const std::uint64_t nothing_left = [] {
  std::uint64_t seed = 0;
  while (std::mt19937_64{seed}() % 3 != 0 || std::mt19937_64{seed + 1}() % 3 != 0)
    ++seed;
  return seed;
}();

std::string content_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// A folder with a file `data` under the shim's hand, and one that is not.
struct world {
  ingot::testing::temporary_folder folder;
  ingot::testing::temporary_folder beside;
  shim_control shim{beside.path() / "shim", folder.path() / "data"};
  fs::path file = folder.path() / "data";
};

} // namespace

TEST_CASE("the disk shim: what was not synced is gone after a power cut, and what was synced is there") {
  world w;
  {
    shimmed_process p{w.shim};
    CHECK(p.ask("open " + w.file.string()).starts_with("ok"));
    CHECK(p.ask("pwrite 0 1000 a") == "ok 1000");
    CHECK(p.ask("fsync") == "ok 0");
    CHECK(p.ask("pwrite 500 1000 b") == "ok 1000");
    CHECK(p.ask("truncate 1200") == "ok 0");
    p.kill();
  }
  // The system knows nothing of a power cut: the kill alone loses nothing.
  CHECK(content_of(w.file) == std::string(500, 'a') + std::string(700, 'b'));
  CHECK(w.shim.cut_power(3) == 2);
  const auto after = content_of(w.file);
  CHECK(after.substr(0, 500) == std::string(500, 'a'));
  CHECK(w.shim.cut_power(4) == 0);
  CHECK(content_of(w.file) == after);
}

TEST_CASE("the disk shim: over all seeds a cut leaves nothing, a beginning, or any sectors of what was not synced") {
  ingot::testing::temporary_folder folder;
  ingot::bench::volatile_file file{folder.path(), 1};
  file.begin(-1);
  file.write(0, std::string(2048, 'a'));
  file.synced();
  file.write(0, std::string(1024, 'b'));
  file.write(1024, std::string(1024, 'c'));
  file.truncate(2000);
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const auto left = file.after_cut(seed);
    REQUIRE((left.size() == 2048 || left.size() == 2000));
    outcomes.insert(left);
    CHECK(left == file.after_cut(seed));
  }
  CHECK(outcomes.contains(std::string(2048, 'a')));
  CHECK(outcomes.contains(std::string(1024, 'b') + std::string(1024, 'a')));
  CHECK(outcomes.contains(std::string(1024, 'a') + std::string(1024, 'c')));
  CHECK(outcomes.contains(std::string(512, 'a') + std::string(512, 'b') + std::string(512, 'c') + std::string(512, 'a')));
  CHECK(outcomes.contains((std::string(1024, 'b') + std::string(1024, 'c')).substr(0, 2000)));
  file.lost();
  CHECK(file.after_cut(1) == std::string(2048, 'a'));
}

TEST_CASE("the disk shim: a failed fsync says EIO, and what it was for never reaches the disk") {
  world w;
  shimmed_process p{w.shim};
  p.ask("open " + w.file.string());
  w.shim.fail_syncs(1);
  CHECK(p.ask("write lost") == "ok 4");
  CHECK(p.ask("fdatasync") == "error EIO");
  CHECK(p.ask("fdatasync") == "ok 0");
  CHECK(p.ask("write kept") == "ok 4");
  CHECK(p.ask("fsync") == "ok 0");
  w.shim.fail_syncs(-1);
  CHECK(p.ask("fsync") == "error EIO");
  CHECK(p.ask("fsync") == "error EIO");
  w.shim.fail_syncs(0);
  CHECK(p.ask("fsync") == "ok 0");
  CHECK(w.shim.seen().failed_syncs == 3);
  p.kill();
  CHECK(content_of(w.file) == "lostkept");
  w.shim.cut_power(1);
  CHECK(content_of(w.file) == std::string(4, '\0') + "kept");
}

TEST_CASE("the disk shim: a full disk takes what there is room for, then refuses, and other files have room") {
  world w;
  shimmed_process p{w.shim};
  p.ask("open " + w.file.string());
  w.shim.set_room(6);
  CHECK(p.ask("write 1234") == "ok 4");
  CHECK(p.ask("write 5678") == "ok 2");
  CHECK(p.ask("write 78") == "error ENOSPC");
  CHECK(w.shim.seen().refused_writes == 2);
  p.ask("open " + (w.folder.path() / "other").string());
  CHECK(p.ask("write 5678") == "ok 4");
  w.shim.set_room({});
  p.ask("open " + w.file.string() + "-wal");
  CHECK(p.ask("write 5678") == "ok 4");
  CHECK(content_of(w.file) == "123456");
}

TEST_CASE("the disk shim: a torn write leaves half of it and a killed process") {
  world w;
  shimmed_process p{w.shim};
  p.ask("open " + w.file.string());
  w.shim.tear_write(2);
  CHECK(p.ask("write 12345678") == "ok 8");
  CHECK(p.ask("write abcdefgh").empty());
  CHECK(p.was_killed());
  CHECK(content_of(w.file) == "12345678abcd");
}

TEST_CASE("the disk shim: copies, renamed files and removed ones are followed") {
  world w;
  shimmed_process p{w.shim};
  std::ofstream{w.folder.path() / "source"} << "written elsewhere";
  const auto name = [&](const char* suffix) { return w.file.string() + suffix; };
  CHECK(p.ask("copy " + (w.folder.path() / "source").string() + ' ' + name("-1")) == "ok");
  CHECK(content_of(name("-1")) == "written elsewhere");
  p.ask("open " + name("-2"));
  p.ask("write synced");
  p.ask("fsync");
  p.ask("close");
  CHECK(p.ask("rename " + name("-2") + ' ' + name("-3")) == "ok");
  p.ask("open " + name("-4"));
  p.ask("write gone");
  p.ask("close");
  CHECK(p.ask("remove " + name("-4")) == "ok");
  p.kill();
  w.shim.cut_power(0);
  // Its names are on the disk, but no fsync brought the copy's bytes there.
  for (std::uint64_t seed = 1; content_of(name("-1")) == "written elsewhere" && seed < 3; ++seed)
    w.shim.cut_power(seed);
  CHECK(content_of(name("-3")) == "synced");
  CHECK_FALSE(fs::exists(name("-4")));
}

TEST_CASE("the clock shim: every real-time clock jumps, the monotonic one does not, nor do children's") {
  world w;
  shimmed_process p{w.shim};
  const auto clocks = [&] {
    std::istringstream in{p.ask("clocks")};
    std::string ok;
    std::array<std::int64_t, 5> ms{};
    in >> ok;
    for (auto& x : ms)
      in >> x;
    return ms;
  };
  constexpr std::int64_t hour_ms = 3'600'000;
  const auto before = clocks();
  w.shim.set_clock(-std::chrono::hours{1000});
  const auto after = clocks();
  w.shim.set_clock({});
  const auto again = clocks();
  for (std::size_t i = 0; i < 4; ++i) {
    CAPTURE(i);
    // However long the test waited in between, it was no hour.
    CHECK(after[i] < before[i] - 999 * hour_ms);
    CHECK(after[i] > before[i] - 1001 * hour_ms);
    CHECK(again[i] >= before[i]);
  }
  CHECK(after[4] >= before[4]);
  CHECK(after[4] < before[4] + hour_ms);
  CHECK(p.ask("child x") == "ok 0");
}

TEST_CASE("law 1: a spool has everything that it acknowledged after power cuts and torn writes, once and in order") {
  ingot::testing::temporary_folder folder;
  ingot::testing::temporary_folder beside;
  shim_control shim{beside.path() / "shim", folder.path() / "spool.sqlite"};
  std::mt19937_64 random{20260101};
  int cuts_with_loss = 0;
  for (int round = 0; round < 40; ++round) {
    int acknowledged = 0;
    {
      shimmed_process p{shim};
      REQUIRE(p.ask("spool " + folder.path().string()).starts_with("ok"));
      // In every second round the kill comes in the middle of a group, else between two.
      if (round % 2 == 0)
        shim.tear_write(static_cast<std::int64_t>(2 + random() % 60));
      for (int group = 0; group < 12; ++group) {
        const auto answer = p.ask("append " + std::to_string(1 + random() % 4) + ' ' + std::to_string(random() % 9000));
        if (!answer.starts_with("ok"))
          break;
        acknowledged = std::stoi(answer.substr(3));
      }
      p.kill();
      shim.tear_write(0);
    }
    cuts_with_loss += shim.cut_power(random()) > 0 ? 1 : 0;
    // Read under the shim, too, which must know of every write.
    shimmed_process p{shim};
    const auto opened = p.ask("spool " + folder.path().string());
    const auto drained = p.ask("drain");
    CAPTURE(round, acknowledged, opened, drained);
    REQUIRE(drained.starts_with("ok"));
    REQUIRE(std::stoi(drained.substr(3)) >= acknowledged);
  }
  CHECK(cuts_with_loss > 5);
}

#ifdef INGOT_TEST_SWITCHES
TEST_CASE("test switches: without fsync a power cut takes what the spool has acknowledged") {
  ingot::testing::temporary_folder folder;
  ingot::testing::temporary_folder beside;
  shim_control shim{beside.path() / "shim", folder.path() / "spool.sqlite"};
  for (const bool off : {true, false}) {
    // An empty spool that was closed in order, and one group in it.
    {
      shimmed_process p{shim};
      REQUIRE(p.ask("spool " + folder.path().string()) == "ok 0");
      REQUIRE(p.ask("shut") == "ok");
    }
    shimmed_process p{shim, {{"INGOT_TEST_SWITCH_OFF", off ? "fsync" : ""}}};
    REQUIRE(p.ask("spool " + folder.path().string()) == "ok 0");
    REQUIRE(p.ask("append 3 500") == "ok 3");
    p.kill();
    CHECK((shim.cut_power(off ? nothing_left : 1) > 0) == off);
    shimmed_process after{shim};
    CHECK(after.ask("spool " + folder.path().string()) == (off ? "ok 0" : "ok 3"));
  }
}
#endif
