#include "storage/spool.hpp"
#include "storage/spool_file.hpp"
#include "storage/spool_log.hpp"
#include "storage/spool_record.hpp"
#include "tests/fuzz/input.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <sqlite3.h>
#include <stdlib.h>

// Input: a byte that chooses a spool (a file and its write-ahead log), and what is done to their bytes: overwritten, cut, zeroed,
// moved; perhaps the log's checksums are made anew, so that SQLite takes what it holds. Opening it never crashes; what it gives
// is, byte for byte and in order, what was appended; what it takes afterwards is there when it is opened again; and a spool that
// nothing was done to gives everything.

namespace {

using namespace ingot;
using fuzz::require;
namespace fs = std::filesystem;

delivery made(int i) {
  auto x = delivery{};
  x.id = "delivery-" + std::to_string(i);
  x.event = "push";
  x.repository_id = i;
  x.body =
      std::string(static_cast<std::size_t>(i % 3 == 0 ? 6'000 : 40 + i), static_cast<char>('a' + i % 26)); // some overflow a page
  return x;
}

std::string read(const fs::path& path) {
  auto in = std::ifstream{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write(const fs::path& path, const std::string& bytes) {
  std::ofstream{path, std::ios::binary} << bytes;
}

/// A folder in memory where there is one, removed at the end.
class folder {
public:
  folder() {
    auto name = std::string{fs::is_directory("/dev/shm") ? "/dev/shm" : "/tmp"} + "/ingot-fuzz-XXXXXX";
    require(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~folder() {
    auto ignored = std::error_code{};
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }
  fs::path file() const { return path_ / "spool.sqlite"; }
  fs::path log() const { return path_ / "spool.sqlite-wal"; }
  void clear() const {
    for (const auto& x : fs::directory_iterator{path_})
      fs::remove(x.path());
  }

private:
  fs::path path_;
};

struct sample {
  std::array<std::string, 2> bytes;   ///< of the file and its log
  std::vector<std::int64_t> expected; ///< sequences that are waiting
};

/// Appends `groups` transactions of some rows, perhaps drains some, and copies the files while they are open, so that the log is
/// full.
sample make_sample(const folder& in, int groups, bool checkpointed, std::int64_t forgotten) {
  in.clear();
  {
    auto spool = storage::spool{in.path(), {}};
    auto n = 1;
    for (int g = 0; g < groups; ++g) {
      auto rows = std::vector<delivery>{};
      for (int i = 0; i < 1 + g % 4; ++i)
        rows.push_back(made(n++));
      auto pointers = std::vector<const delivery*>{};
      for (const auto& x : rows)
        pointers.push_back(&x);
      spool.append(pointers);
    }
    if (forgotten > 0)
      spool.forget_through(forgotten);
    auto out = sample{{read(in.file()), read(in.log())}, {}};
    for (const auto& x : spool.oldest(1'000))
      out.expected.push_back(x.sequence);
    if (!checkpointed)
      return out;
  }
  auto out = sample{{read(in.file()), {}}, {}};
  auto spool = storage::spool{in.path(), {}};
  for (const auto& x : spool.oldest(1'000))
    out.expected.push_back(x.sequence);
  return out;
}

struct world {
  folder in;
  std::vector<sample> samples;

  world() {
    ::sqlite3_config(SQLITE_CONFIG_LOG, nullptr, nullptr);
    for (const auto groups : {3, 12})
      for (const auto checkpointed : {false, true})
        for (const auto forgotten : {0, 4})
          samples.push_back(make_sample(in, groups, checkpointed, forgotten));
  }
};

/// One thing that is done to the bytes of a file. @returns whether it was anything
void damage(fuzz::input& how, std::array<std::string, 2>& files) {
  const auto what = how.byte();
  auto& bytes = files[what & 1];
  const auto at = std::min<std::size_t>(how.number(3), bytes.size());
  const auto length = std::min<std::size_t>(how.number(2), bytes.size() - at);
  switch (what >> 1 & 7) {
  case 0:
    bytes.resize(at);
    break;
  case 1:
    bytes.replace(at, length, length, '\0');
    break;
  case 2:
    if (const auto more = std::string{how.take(length % 64)}; at + more.size() <= bytes.size())
      bytes.replace(at, more.size(), more);
    break;
  case 3:
    if (at < bytes.size())
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << length % 8));
    break;
  case 4: // a page that lies elsewhere
    if (at + 4096 <= bytes.size())
      bytes.replace(length % 16 * 4096 % bytes.size() & ~std::size_t{4095}, 4096, bytes.substr(at & ~std::size_t{4095}, 4096));
    break;
  case 5:
    bytes += how.take(length % 256);
    break;
  case 6:
    bytes = how.take(length);
    break;
  default: // a number of SQLite's, anywhere
    if (at + 4 <= bytes.size())
      bytes.replace(at, 4, "\x7f\xff\xff\xff", 4);
  }
}

/// Everything that waits, which is what was appended.
std::vector<std::int64_t> drain(storage::spool& from) {
  auto out = std::vector<std::int64_t>{};
  for (;;) {
    const auto some = from.oldest(7);
    if (some.empty())
      break;
    for (const auto& [sequence, kept] : some) {
      require(out.empty() || sequence > out.back());
      require(sequence > 0 && sequence < 100 && storage::to_record(kept) == storage::to_record(made(static_cast<int>(sequence))));
      out.push_back(sequence);
    }
    from.forget_through(out.back());
  }
  require(from.depth() == 0 && from.bytes() == 0);
  return out;
}

void try_spool(const folder& in, const sample& of, bool damaged) {
  const auto fresh = made(1'000);
  try {
    auto spool = storage::spool{in.path(), {}};
    const auto found = drain(spool);
    require(damaged || (found == of.expected && spool.damage().empty()));
    require(spool.append({&fresh}).at(0));
  } catch (const std::runtime_error&) {
    require(damaged); // what is damaged in a way that nobody can mend is refused with its reason
    return;
  }
  auto again = storage::spool{in.path(), {}};
  const auto rows = again.oldest(10);
  require(rows.size() == 1 && rows[0].kept.id == fresh.id && rows[0].kept.body == fresh.body);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto made_once = world{};
  auto how = fuzz::input{data, size};
  const auto choice = how.byte();
  const auto& of = made_once.samples[choice % made_once.samples.size()];
  auto files = of.bytes;
  for (int i = 0; i < 16 && !how.empty(); ++i)
    damage(how, files);
  made_once.in.clear();
  write(made_once.in.file(), files[0]);
  if (!files[1].empty())
    write(made_once.in.log(), files[1]);
  if ((choice & 0x80) != 0)
    storage::force_log(made_once.in.log());
  try_spool(made_once.in, of, files != of.bytes);
  return 0;
}
