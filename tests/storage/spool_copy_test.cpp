#include "storage/spool_copy.hpp"

#include "tests/storage/spool_fixture.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <set>

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace ingot;
using namespace ingot::storage;

namespace {

/// How far a writer in another process is: numbers of deliveries.
struct shared_marks {
  std::atomic<int> kept{0};      ///< acknowledged: all up to it
  std::atomic<int> forgotten{0}; ///< about to be drained, or drained: all up to it
};

/// A process that fills the spool of `folder` and drains it some hundred deliveries behind, until it is killed. The copy must not
/// be made in the process that has the spool open.
class writer_process {
public:
  explicit writer_process(const std::filesystem::path& folder) {
    marks_ = new (::mmap(nullptr, sizeof(shared_marks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) shared_marks;
    child_ = ::fork();
    if (child_ == 0)
      write(folder);
  }
  ~writer_process() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    ::munmap(marks_, sizeof(shared_marks));
  }
  const shared_marks& marks() const { return *marks_; }

private:
  [[noreturn]] void write(const std::filesystem::path& folder) {
    try {
      spool to{folder, {}};
      for (auto next = 1;; next += 8) {
        std::vector<delivery> items;
        for (auto i = 0; i < 8; ++i)
          items.push_back(numbered_delivery(next + i, 6'000));
        append(to, items);
        marks_->kept = next + 7;
        if (next % 400 == 1 && next > 800) {
          marks_->forgotten = std::max(marks_->forgotten.load(), next - 400);
          to.forget_through(next - 400);
        }
        // Now and then all of it, so that the file shrinks and the log is cut off.
        if (next % 4'000 == 1 && next > 1) {
          marks_->forgotten = next + 7;
          to.forget_through(next + 7);
        }
      }
    } catch (...) {
      ::_exit(1);
    }
  }

  shared_marks* marks_ = nullptr;
  pid_t child_ = -1;
};

} // namespace

TEST_CASE("law 1: a copy of a spool that is written all the while holds all that was kept before and is not drained since") {
  testing::temporary_folder live;
  writer_process writer{live.path()};
  while (writer.marks().kept < 100)
    ::usleep(1'000);
  for (auto round = 0; round < 30; ++round) {
    testing::temporary_folder folder;
    const auto before = writer.marks().kept.load();
    const auto copied = copy_spool(live.path(), folder.path());
    const auto drained = writer.marks().forgotten.load();
    INFO("round " << round << ": " << copied.damage);
    CHECK(copied.present);
    CHECK(copied.damage.empty());
    spool opened{folder.path(), {}};
    CHECK(opened.damage().empty());
    CHECK(opened.depth() == copied.deliveries);
    std::set<std::int64_t> found;
    for (const auto& x : drain(opened)) {
      found.insert(x.sequence);
      CHECK(same(x.kept, numbered_delivery(static_cast<int>(x.sequence), 6'000)));
    }
    auto missing = 0;
    for (auto number = drained + 1; number <= before; ++number)
      missing += found.contains(number) ? 0 : 1;
    CHECK(missing == 0);
    ::usleep(5'000);
  }
  CHECK(writer.marks().kept > 1'000);
}

TEST_CASE("a spool that nobody has open is copied, and where there is none there is no copy") {
  testing::temporary_folder live, first, second;
  CHECK_FALSE(copy_spool(live.path(), first.path()).present);
  CHECK_FALSE(std::filesystem::exists(first.path() / "spool.sqlite"));
  {
    spool to{live.path(), {}};
    append(to, {numbered_delivery(1), numbered_delivery(2)});
  }
  const auto copied = copy_spool(live.path(), second.path());
  CHECK(copied.deliveries == 2);
  CHECK_FALSE(std::filesystem::exists(second.path() / "spool.sqlite-wal")); // one whole file
  struct stat about {};
  REQUIRE(::stat((second.path() / "spool.sqlite").c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  spool opened{second.path(), {}};
  CHECK(drain(opened).size() == 2);
}

TEST_CASE("what is damaged in a spool is salvaged in its copy, and said") {
  testing::temporary_folder live, folder;
  {
    spool to{live.path(), {}};
    for (auto i = 1; i <= 200; ++i)
      append(to, {numbered_delivery(i, 2'000)});
  }
  {
    std::fstream file{live.path() / "spool.sqlite", std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(5 * 4096);
    file << std::string(3 * 4096, '\xff');
  }
  const auto copied = copy_spool(live.path(), folder.path());
  CHECK_FALSE(copied.damage.empty());
  CHECK(copied.deliveries > 100);
}
