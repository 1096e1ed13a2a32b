#include "storage/spool.hpp"

#include "storage/spool_log.hpp"
#include "storage/sqlite.hpp"
#include "tests/storage/refusal.hpp"
#include "tests/storage/spool_fixture.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <random>
#include <set>

namespace fs = std::filesystem;

namespace ingot::storage {

namespace {

constexpr int row_count = 60;

std::size_t body_bytes(int number) {
  return static_cast<std::size_t>(number % 5 == 0 ? 9000 : 10 + number * 20);
}

/// Files of a spool of row_count deliveries: after a clean end (`in_log` false), or as they lie after a kill, all in the log.
void make_files(const fs::path& to, bool in_log) {
  testing::temporary_folder folder;
  auto s = std::make_unique<spool>(folder.path(), spool_settings{});
  for (int i = 0; i < row_count; ++i)
    append(*s, {numbered_delivery(i, body_bytes(i))});
  if (!in_log)
    s.reset();
  for (const auto& e : fs::directory_iterator(folder.path()))
    fs::copy_file(e.path(), to / e.path().filename(), fs::copy_options::overwrite_existing);
}

void flip_bit(const fs::path& file, std::uintmax_t at, unsigned bit) {
  std::fstream f{file, std::ios::in | std::ios::out | std::ios::binary};
  f.seekg(static_cast<std::streamoff>(at));
  const char byte = static_cast<char>(f.get() ^ (1 << bit));
  f.seekp(static_cast<std::streamoff>(at));
  f.put(byte);
}

void put_word(std::string& bytes, std::size_t at, std::uint32_t word) {
  for (std::size_t i = 0; i < 4; ++i)
    bytes[at + i] = static_cast<char>(word >> (24 - 8 * i));
}

/// Makes a log's header say that its pages have `page_bytes`, under a right checksum. @returns the header
std::string say_page_size(const fs::path& log, std::uint32_t page_bytes) {
  std::fstream f{log, std::ios::in | std::ios::out | std::ios::binary};
  auto header = std::string(32, '\0');
  f.read(header.data(), 32);
  put_word(header, 8, page_bytes);
  std::uint32_t sums[2] = {0, 0};
  for (std::size_t i = 0; i < 6; ++i) {
    std::uint32_t word = 0;
    std::memcpy(&word, header.data() + 4 * i, 4); // in the order of this machine's bytes, as SQLite
    sums[i % 2] += word + sums[1 - i % 2];
  }
  put_word(header, 24, sums[0]);
  put_word(header, 28, sums[1]);
  f.seekp(0);
  f << header;
  return header;
}

struct outcome {
  std::size_t delivered = 0;
  bool only_originals = true;
  bool in_order = true;
  std::string damage;
  std::string failure; ///< why a new one could not be taken, or not all be forgotten
};

/// Opens what lies in `folder`, reads all of it, adds to it and empties it.
outcome open_and_read(const fs::path& folder) {
  spool s{folder, {}};
  outcome o;
  std::int64_t last = 0;
  std::set<std::string> ids;
  for (const auto& row : s.oldest(10'000, std::size_t{1} << 30)) {
    const int number = std::stoi("0" + row.kept.id.substr(std::min(row.kept.id.size(), std::string_view{"delivery-"}.size())));
    o.only_originals =
        o.only_originals && same(row.kept, numbered_delivery(number, body_bytes(number))) && ids.insert(row.kept.id).second;
    o.in_order = o.in_order && row.sequence > last;
    last = row.sequence;
    ++o.delivered;
  }
  o.damage = s.damage();
  try {
    append(s, {numbered_delivery(row_count)});
    if (drain(s).size() != o.delivered + 1)
      o.failure = "not all that was there could be drained";
  } catch (const std::runtime_error& e) {
    o.failure = e.what();
  }
  return o;
}

/// Flips one bit of `file` in a fresh copy of `sound`: every delivery is there, and new ones are taken.
void check_costs_nothing(const fs::path& sound, const std::string& file, std::uintmax_t at, unsigned bit) {
  testing::temporary_folder folder;
  fs::copy(sound, folder.path(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  flip_bit(folder.path() / file, at, bit);
  const auto o = open_and_read(folder.path());
  CAPTURE(at, bit, o.damage, o.failure);
  CHECK(o.delivered == row_count);
  CHECK(o.only_originals);
  CHECK(o.failure.empty());
}

/// Flips one bit of `file` at many places, each in a fresh copy of `sound`. @returns how many deliveries were lost at most.
std::size_t flip_everywhere(const fs::path& sound, const std::string& file, int rounds, unsigned seed) {
  std::mt19937_64 random{seed};
  std::size_t lost_max = 0;
  const auto size = fs::file_size(sound / file);
  for (int i = 0; i < rounds; ++i) {
    testing::temporary_folder folder;
    fs::copy(sound, folder.path(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    // Half of them where pages (or the log's frames) say how they are made.
    const auto page_bytes = file.ends_with("-wal") ? 4096 + 24u : 4096u;
    const auto at =
        i % 2 == 0 ? random() % size : std::min(size - 1, random() % (size / page_bytes) * page_bytes + random() % 64);
    const auto bit = static_cast<unsigned>(random() % 8);
    flip_bit(folder.path() / file, at, bit);
    const auto o = open_and_read(folder.path());
    CAPTURE(file, at, bit, o.damage, o.failure);
    CHECK(o.only_originals);
    CHECK(o.in_order);
    CHECK(o.failure.empty());
    if (o.delivered < row_count) {
      CHECK_FALSE(o.damage.empty());
      // The first page holds the tables' places: without it nothing can be found.
      if (file != "spool.sqlite" || at >= 4096)
        lost_max = std::max(lost_max, row_count - o.delivered);
    }
  }
  return lost_max;
}

} // namespace

TEST_CASE("a sound spool is not said to be damaged, whether it ended cleanly or was killed") {
  for (const bool in_log : {false, true}) {
    testing::temporary_folder folder;
    make_files(folder.path(), in_log);
    CHECK(fs::exists(folder.path() / "spool.sqlite-wal") == in_log);
    const auto o = open_and_read(folder.path());
    CHECK(o.damage.empty());
    CHECK(o.delivered == row_count);
    CHECK(o.only_originals);
    CHECK(o.failure == "");
  }
}

TEST_CASE("a flipped bit in the spool's file is never delivered, and what it costs is reported") {
  testing::temporary_folder sound;
  make_files(sound.path(), false);
  // One page's rows, or those below one node of the tree.
  CHECK(flip_everywhere(sound.path(), "spool.sqlite", 120, 1) <= 16);
}

TEST_CASE("no flipped bit in the header of the spool's file costs a delivery, or keeps new ones out") {
  testing::temporary_folder sound;
  make_files(sound.path(), false);
  for (std::uintmax_t at = 0; at < 100; ++at)
    for (unsigned bit = 0; bit < 8; ++bit)
      check_costs_nothing(sound.path(), "spool.sqlite", at, bit);
}

TEST_CASE("no flipped bit in the header that the spool's log holds costs a delivery") {
  testing::temporary_folder sound;
  make_files(sound.path(), true);
  constexpr std::uintmax_t log_header = 32, frame_header = 24, frame = frame_header + 4096;
  auto first_page = std::uintmax_t{0};
  {
    auto in = std::ifstream{sound.path() / "spool.sqlite-wal", std::ios::binary};
    for (auto at = log_header; at + frame <= fs::file_size(sound.path() / "spool.sqlite-wal"); at += frame) {
      char number[4];
      in.seekg(static_cast<std::streamoff>(at)).read(number, sizeof number);
      if (std::string_view{number, sizeof number} == std::string_view{"\0\0\0\1", 4})
        first_page = at + frame_header;
    }
  }
  REQUIRE(first_page > 0);
  // Of the pages, the schema's format, the text's encoding.
  for (const auto at : {19u, 28u, 31u, 47u, 59u})
    for (unsigned bit = 0; bit < 8; ++bit)
      check_costs_nothing(sound.path(), "spool.sqlite-wal", first_page + at, bit);
}

TEST_CASE("a sound log stays one when it is made to be taken") {
  testing::temporary_folder folder;
  make_files(folder.path(), true);
  force_log(folder.path() / "spool.sqlite-wal");
  const auto o = open_and_read(folder.path());
  CHECK(o.damage == "");
  CHECK(o.delivered == row_count);
  CHECK(o.failure == "");
}

TEST_CASE("a log whose header says another size of pages, under a right checksum, costs no delivery") {
  testing::temporary_folder sound;
  make_files(sound.path(), true);
  for (const std::uint32_t page_bytes : {0u, 1u, 8u, 256u, 512u, 1000u, 8192u, 65'536u, 131'072u, 0xffff'fff8u}) {
    testing::temporary_folder folder;
    fs::copy(sound.path(), folder.path(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    say_page_size(folder.path() / "spool.sqlite-wal", page_bytes);
    CAPTURE(page_bytes);
    CHECK(open_and_read(folder.path()).delivered == row_count);
  }
}

TEST_CASE("a log of tiny pages is not written beyond its end") {
  testing::temporary_folder folder;
  const auto log = folder.path() / "spool.sqlite-wal";
  make_files(folder.path(), true);
  const auto header = say_page_size(log, 8);
  auto frame = std::string(32, '\0');
  put_word(frame, 0, 1); // page 1
  put_word(frame, 4, 1); // the end of a transaction
  frame.replace(8, 8, header, 16, 8);
  std::ofstream{log, std::ios::binary} << header << frame;
  force_log(log); // a sanitizer says more
  CHECK(fs::file_size(log) == 64);
  CHECK(inspect_log(log).committed == 0);
}

TEST_CASE("a flipped bit in the spool's log harms a page, not everything that was written after it") {
  testing::temporary_folder sound;
  make_files(sound.path(), true);
  CHECK(flip_everywhere(sound.path(), "spool.sqlite-wal", 60, 2) <= 16);
}

TEST_CASE("a log cut anywhere gives every delivery whose transaction is whole") {
  testing::temporary_folder sound;
  make_files(sound.path(), true);
  std::mt19937_64 random{3};
  const auto log = sound.path() / "spool.sqlite-wal";
  const auto size = fs::file_size(log);
  for (int i = 0; i < 40; ++i) {
    testing::temporary_folder folder;
    fs::copy(sound.path(), folder.path(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    const auto left = 40'000 + random() % (size - 40'000);
    fs::resize_file(folder.path() / "spool.sqlite-wal", left);
    const auto committed = inspect_log(folder.path() / "spool.sqlite-wal").committed;
    CAPTURE(left, committed);
    const auto o = open_and_read(folder.path());
    CHECK(o.damage.empty());
    CHECK(o.only_originals);
    CHECK(o.in_order);
    CHECK(o.delivered > 0);
  }
}

TEST_CASE("a log whose last frame is torn loses that transaction only, and says so") {
  testing::temporary_folder folder;
  make_files(folder.path(), true);
  const auto log = folder.path() / "spool.sqlite-wal";
  // Its page is half the old bytes, as after a power loss.
  std::fstream f{log, std::ios::in | std::ios::out | std::ios::binary};
  f.seekp(static_cast<std::streamoff>(fs::file_size(log)) - 2000);
  f.write(std::string(2000, '\0').data(), 2000);
  f.close();
  const auto o = open_and_read(folder.path());
  CHECK_FALSE(o.damage.empty());
  CHECK(o.only_originals);
  CHECK(o.delivered >= row_count - 1);
}

TEST_CASE("a spool cut short on the disk gives what is left, keeps the damaged file, and works on") {
  testing::temporary_folder folder;
  make_files(folder.path(), false);
  fs::resize_file(folder.path() / "spool.sqlite", fs::file_size(folder.path() / "spool.sqlite") * 2 / 3);
  {
    spool s{folder.path(), {}};
    CHECK(testing::holds(s.damage(), "spool.sqlite.damaged-1"));
    CHECK(fs::exists(folder.path() / "spool.sqlite.damaged-1"));
    CHECK(s.depth() > 0);
    CHECK(s.depth() < row_count);
    CHECK(append(s, {numbered_delivery(row_count, body_bytes(row_count))}) == std::vector{true});
  }
  const auto o = open_and_read(folder.path());
  CHECK(o.damage.empty());
  CHECK(o.only_originals);
  CHECK(o.in_order);
}

TEST_CASE("a salvage uses no sequence again, though the rows that had them were forgotten") {
  testing::temporary_folder folder;
  std::int64_t last = 0;
  {
    spool s{folder.path(), {}};
    for (int i = 0; i < 5; ++i)
      append(s, {numbered_delivery(i)});
    last = s.oldest(5).back().sequence;
    s.forget_through(last);
  }
  // The page of the rows' own tree: its kind is none. How much was in it nobody can tell.
  const auto root = [&] {
    sqlite::file f{folder.path() / "spool.sqlite"};
    return f.number("SELECT rootpage FROM sqlite_schema WHERE name = 'waiting'");
  }();
  flip_bit(folder.path() / "spool.sqlite", static_cast<std::uintmax_t>(root - 1) * 4096, 7);
  spool s{folder.path(), {}};
  CHECK(testing::holds(s.damage(), "at least "));
  append(s, {numbered_delivery(7)});
  CHECK(s.oldest(1).front().sequence > last);
}

TEST_CASE("a file that is no spool at all is set aside, and the node can spool") {
  testing::temporary_folder folder;
  std::ofstream{folder.path() / "spool.sqlite"} << std::string(20'000, 'x');
  spool s{folder.path(), {}};
  CHECK_FALSE(s.damage().empty());
  CHECK(append(s, {numbered_delivery(1)}) == std::vector{true});
  std::string kept;
  std::getline(std::ifstream{folder.path() / "spool.sqlite.damaged-1"}, kept);
  CHECK(kept == std::string(20'000, 'x'));
}

// Found by tests/fuzz/spool_fuzz.cpp: every number up to ten million was asked for, and counted as lost.
TEST_CASE("what is lost of a spool that does not tell how much it held is not made up, and not searched for without end") {
  testing::temporary_folder folder;
  make_files(folder.path(), false);
  fs::resize_file(folder.path() / "spool.sqlite", 7'936);
  spool s{folder.path(), {}};
  CHECK(s.depth() == 0);
  const auto said = s.damage().substr(s.damage().find("at least ") + 9);
  CHECK(std::stoll(said) <= row_count);
  CHECK(append(s, {numbered_delivery(1)}) == std::vector{true});
}

TEST_CASE("a damaged counter of the spool's rows costs no row, and new ones are taken") {
  for (const auto* change : {"UPDATE sqlite_sequence SET seq = 9223372036854775807", "UPDATE sqlite_sequence SET seq = -5"}) {
    testing::temporary_folder folder;
    make_files(folder.path(), false);
    sqlite::file{folder.path() / "spool.sqlite"}.exec(change);
    spool s{folder.path(), {}};
    CHECK(s.oldest(1'000).size() == row_count);
    CHECK(append(s, {numbered_delivery(row_count)}) == std::vector{true});
    CHECK(s.oldest(100).back().sequence == row_count + 1);
  }
}

TEST_CASE("a spool whose tables have lost their names is set aside, and the node can spool") {
  testing::temporary_folder folder;
  make_files(folder.path(), false);
  sqlite::file{folder.path() / "spool.sqlite"}.exec("ALTER TABLE waiting RENAME TO waitinh");
  spool s{folder.path(), {}};
  CHECK_FALSE(s.damage().empty());
  CHECK(append(s, {numbered_delivery(1)}) == std::vector{true});
}

TEST_CASE("a spool whose schema can be read but not written by is salvaged") {
  for (const auto* change :
       {"UPDATE sqlite_schema SET sql = replace(sql, 'name,seq', 'name,seq,x') WHERE name = 'sqlite_sequence'",
        "UPDATE sqlite_schema SET sql = replace(sql, 'name,seq', 'nbme,seq') WHERE name = 'sqlite_sequence'",
        "UPDATE sqlite_schema SET sql = replace(sql, 'name,seq', 'name,sep') WHERE name = 'sqlite_sequence'",
        "UPDATE sqlite_schema SET sql = replace(sql, 'source, id)', 'source, record)') WHERE name = 'waiting'"}) {
    testing::temporary_folder folder;
    make_files(folder.path(), false);
    {
      sqlite::file damaged{folder.path() / "spool.sqlite"};
      damaged.exec("PRAGMA writable_schema = ON");
      damaged.exec(change);
    }
    spool s{folder.path(), {}};
    CHECK_FALSE(s.damage().empty());
    CHECK(s.oldest(1'000).size() == row_count);
    CHECK(append(s, {numbered_delivery(row_count)}) == std::vector{true});
  }
}

TEST_CASE("rows between two damaged pages of the spool are carried over") {
  testing::temporary_folder folder;
  make_files(folder.path(), false);
  const auto file = folder.path() / "spool.sqlite";
  // The first page of rows and the last one: the first row that is read from below lies behind the one, from above before the
  // other.
  auto pages = std::vector<std::uintmax_t>{};
  {
    auto in = std::ifstream{file, std::ios::binary};
    for (auto at = std::uintmax_t{4'096}; at < fs::file_size(file); at += 4'096) {
      in.seekg(static_cast<std::streamoff>(at));
      if (in.get() == 0x0d && in.seekg(static_cast<std::streamoff>(at + 3)) && in.get() == 0 && in.get() > 0)
        pages.push_back(at);
    }
  }
  REQUIRE(pages.size() > 4);
  for (const auto at : {pages[1], pages[pages.size() - 2]})
    flip_bit(file, at, 3);
  const auto o = open_and_read(folder.path());
  CHECK(o.only_originals);
  CHECK(o.in_order);
  CHECK(o.delivered > row_count / 2);
  CHECK_FALSE(o.damage.empty());
}

TEST_CASE("a salvage that was cut short after its file was whole is taken up at the next start") {
  testing::temporary_folder folder;
  make_files(folder.path(), true);
  // As it lies between the new file's completion and the end of the damaged one: the old log must not reach the new file.
  testing::temporary_folder other;
  {
    spool made{other.path(), {}};
    append(made, {numbered_delivery(7, body_bytes(7))});
  }
  fs::copy_file(other.path() / "spool.sqlite", folder.path() / "spool.sqlite.salvaged");
  const auto o = open_and_read(folder.path());
  CHECK(o.delivered == 1);
  CHECK(o.only_originals);
}

TEST_CASE("a row whose bytes changed while the node runs is set aside, reported, and holds nobody up") {
  testing::temporary_folder folder;
  {
    spool s{folder.path(), {}};
    append(s, {numbered_delivery(0, body_bytes(0)), numbered_delivery(1, body_bytes(1)), numbered_delivery(2, body_bytes(2))});
  }
  {
    sqlite::file f{folder.path() / "spool.sqlite"};
    f.exec("UPDATE waiting SET record = CAST(substr(record, 1, 30) || 'X' || substr(record, 32) AS BLOB) WHERE sequence = 1");
  }
  {
    spool s{folder.path(), {}};
    CHECK(s.damage().empty());
    const auto first = s.oldest(1);
    REQUIRE(first.size() == 1);
    CHECK(same(first.front().kept, numbered_delivery(1, body_bytes(1))));
    CHECK(testing::holds(s.damage(), "1 deliveries"));
    CHECK(s.depth() == 2);
    CHECK(drain(s).size() == 2);
  }
  sqlite::file f{folder.path() / "spool.sqlite"};
  CHECK(f.number("SELECT count(*) FROM damaged") == 1);
}

TEST_CASE("a spool written by a newer program is left alone") {
  testing::temporary_folder folder;
  { spool s{folder.path(), {}}; }
  {
    sqlite::file f{folder.path() / "spool.sqlite"};
    f.exec("PRAGMA user_version = 2");
    f.exec("PRAGMA application_id = 1231972098"); // 'Ing' and 2
  }
  CHECK(testing::holds(testing::refusal([&] { spool{folder.path(), {}}; }), "newer version"));
  CHECK_FALSE(fs::exists(folder.path() / "spool.sqlite.damaged-1"));
}

TEST_CASE("a spool whose two versions differ is damaged, not newer") {
  testing::temporary_folder folder;
  make_files(folder.path(), false);
  sqlite::file{folder.path() / "spool.sqlite"}.exec("PRAGMA user_version = 3");
  spool s{folder.path(), {}};
  CHECK_FALSE(s.damage().empty());
  CHECK(s.oldest(1'000).size() == row_count);
}

TEST_CASE("a spool whose schema has a format that SQLite does not know is salvaged") {
  testing::temporary_folder folder;
  make_files(folder.path(), false);
  auto f = std::fstream{folder.path() / "spool.sqlite", std::ios::in | std::ios::out | std::ios::binary};
  f.seekp(44);
  REQUIRE(f.write("\x00\x00\x00\x44", 4).flush());
  spool s{folder.path(), {}};
  CHECK_FALSE(s.damage().empty());
  CHECK(s.oldest(1'000).size() == row_count);
}

TEST_CASE("the spool's bytes are true where a flipped bit made text of a record") {
  testing::temporary_folder folder;
  std::size_t bytes = 0;
  {
    spool s{folder.path(), {}};
    append(s, {numbered_delivery(0), numbered_delivery(1)});
    bytes = s.bytes();
  }
  sqlite::file{folder.path() / "spool.sqlite"}.exec("UPDATE waiting SET record = CAST(record AS TEXT) WHERE sequence = 1");
  spool s{folder.path(), {}};
  CHECK(s.damage().empty());
  CHECK(s.bytes() == bytes);
  CHECK(drain(s).size() == 2);
  CHECK(s.bytes() == 0);
}

} // namespace ingot::storage
