#include "tests/storage/spool_model.hpp"

#include "tests/support/catch.hpp"

#include <chrono>
#include <cstdlib>
#include <iostream>

#include <unistd.h>

namespace fs = std::filesystem;

namespace ingot::storage {

namespace {

constexpr std::uint64_t told_each = 10'000; // sequences

// Of a run that does not say how many. One thread does them all: a sanitizer makes them slow and sees little.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t sequences_of_a_run = 1'000;
#else
constexpr std::uint64_t sequences_of_a_run = 3'000;
#endif

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// A folder in memory where the system has one: what a power cut leaves is the model's to say, not the real disk's.
struct fast_folder {
  fast_folder() {
    std::string name = fs::is_directory("/dev/shm") ? "/dev/shm/ingot-spool-XXXXXX" : "/tmp/ingot-spool-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~fast_folder() { fs::remove_all(path); }
  fast_folder(const fast_folder&) = delete;
  fast_folder& operator=(const fast_folder&) = delete;
  void empty() const {
    for (const auto& x : fs::directory_iterator(path))
      fs::remove_all(x.path());
  }
  fs::path path;
};

void tell_progress(std::uint64_t done, std::uint64_t all, const model_counts& counts,
                   std::chrono::steady_clock::time_point begin) {
  const auto s = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begin).count();
  std::cerr << "spool model: " << done << " of " << all << " sequences, " << counts.actions << " actions, " << counts.kills
            << " kills and " << counts.power_cuts << " power cuts (" << counts.deaths_in_action
            << " of both in the middle of a call), " << counts.failed_syncs << " times fsync failed, " << counts.full_disks
            << " times the disk was full, " << counts.damage_reports << " reports of damage, " << s << " s" << std::endl;
}

} // namespace

TEST_CASE("law 1: over random sequences with crashes, torn writes and failing disks the spool keeps what its model keeps") {
  const auto sequences = number_from("INGOT_SPOOL_SEQUENCES", sequences_of_a_run);
  const auto first_seed = number_from("INGOT_SPOOL_SEED", 1);
  const fast_folder folder;
  model_counts counts;
  std::uint64_t violations = 0;
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t done = 0;
  for (; done < sequences && violations < 10; ++done) {
    const auto seed = first_seed + done;
    folder.empty();
    const auto problem = spool_model{folder.path, seed, false}.run(counts);
    if (!problem.empty()) {
      ++violations;
      folder.empty();
      model_counts ignored;
      spool_model again{folder.path, seed, true};
      const auto the_same = again.run(ignored);
      const auto report =
          "INGOT_SPOOL_SEED=" + std::to_string(seed) + " INGOT_SPOOL_SEQUENCES=1: " + problem + "\n" + again.trace() + the_same;
      UNSCOPED_INFO(report);
      if (sequences > told_each) // long before its end
        std::cerr << report << std::endl;
    }
    if ((done + 1) % told_each == 0)
      tell_progress(done + 1, sequences, counts, begin);
  }
  CHECK(violations == 0);
  // It has done what it is for.
  if (sequences >= 1000) {
    CHECK(counts.kills > sequences / 4);
    CHECK(counts.power_cuts > sequences / 4);
    CHECK(counts.deaths_in_action > sequences / 20);
    CHECK(counts.failed_syncs > sequences / 20);
    CHECK(counts.full_disks > sequences / 20);
  }
  tell_progress(done, sequences, counts, begin);
}

TEST_CASE("law 1: sequences that the spool did not bear once are borne") {
  const fast_folder folder;
  // What was wrong: docs/reliability.md.
  for (const std::uint64_t seed :
       {4'332, 30'008'294, 30'361'312, 30'398'221, 30'482'036, 40'300'268, 80'313'425, 400'237'892, 400'449'985}) {
    folder.empty();
    auto counts = model_counts{};
    CAPTURE(seed);
    CHECK(spool_model{folder.path, seed, false}.run(counts) == "");
  }
}

} // namespace ingot::storage
