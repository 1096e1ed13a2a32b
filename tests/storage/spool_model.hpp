#pragma once

#include "storage/spool.hpp"
#include "tests/storage/memory_disk.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ingot::storage {

/// What sequences did, together.
struct model_counts {
  std::uint64_t actions = 0;
  std::uint64_t kills = 0;            ///< of the process; all that was written is there
  std::uint64_t power_cuts = 0;       ///< what was not synced is not there, or in part
  std::uint64_t deaths_in_action = 0; ///< of these kills and cuts, those in the middle of a call
  std::uint64_t failed_syncs = 0;
  std::uint64_t full_disks = 0;
  std::uint64_t damage_reports = 0;
};

/// A spool on a memory_disk beside a model of it: one random sequence of appends, duplicates, reads, forgets, set-asides,
/// restarts, kills, power cuts, torn writes, failed fsyncs, full disks and flipped bits. What must hold:
/// - everything that was acknowledged and not forgotten is there, once, unchanged, in the order of arrival;
/// - nothing else is, but whole groups whose append was under way or failed in doubt, and what was forgotten in doubt;
/// - no sequence is used twice; depth() and bytes() are true; damage is reported when something is lost to it, and only then.
class spool_model {
public:
  /// @param folder empty, on a fast disk; what lies in it afterwards is of no use
  spool_model(std::filesystem::path folder, std::uint64_t seed, bool traced);
  ~spool_model();

  /// @returns what does not hold, empty when all does
  std::string run(model_counts& counts);

  /// The actions so far, if traced, a line each.
  const std::string& trace() const noexcept { return trace_; }

private:
  /// A delivery that is in the spool or may be.
  struct row {
    int number = 0;
    std::size_t body = 0;
    std::size_t record = 0;    ///< bytes
    std::int64_t sequence = 0; ///< 0: not seen yet
    int group = 0;             ///< that it came with, all of it or nothing while it is under way; or no_group
    bool visible = false;      ///< to this life of the process
    bool acknowledged = false;
    bool in_doubt = false; ///< after a restart it may be otherwise than it is visible
  };

  static constexpr int no_group = -1;
  enum class outcome { done, refused, in_doubt };

  std::uint64_t random(std::uint64_t below);
  void say(const std::string& what);
  void open();
  void judge_restart(const std::vector<spooled>& found);
  void check_sequence(row& x, std::int64_t sequence);
  void check_sizes();
  void append();
  void judge_append(outcome how, const std::vector<row>& fresh, const std::vector<int>& numbers);
  void read();
  void forget();
  void set_aside();
  void restart();
  void crash();
  void flip_bit();
  void end_life(bool in_action);
  void go_on();
  bool arm();
  template <class Call>
  outcome attempt(const char* what, Call&& call);
  std::vector<row*> visible_rows();

  std::filesystem::path folder_;
  std::uint64_t state_;
  bool traced_;
  std::string trace_;
  testing::memory_disk disk_;
  spool_settings settings_;
  std::unique_ptr<spool> spool_;
  std::vector<row> rows_;                       ///< in the order of arrival
  std::map<std::int64_t, int> sequences_;       ///< whose each was
  std::set<std::pair<int, std::size_t>> tried_; ///< every number and body that an append was called with
  int next_number_ = 0;
  int next_group_ = 0;
  int log_pages_ = 1000;
  bool sync_failed_ = false;  ///< in this life: the spool may refuse to append
  bool settled_ = false;      ///< what an earlier life left is on the disk for sure
  bool must_refuse_ = false;  ///< and was told of it: it has to
  bool log_is_stale_ = false; ///< behind its end may lie a transaction whose fsync failed, until a clean end removes the log
  bool may_be_torn_ = false;  ///< what lies on the disk
  bool flipped_ = false;      ///< a bit of it may be wrong
  model_counts* counts_ = nullptr;
};

} // namespace ingot::storage
