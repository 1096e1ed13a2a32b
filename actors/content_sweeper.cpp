#include "actors/content_sweeper.hpp"

#include "config/failpoints.hpp"
#include "model/contents/blob_store.hpp"
#include "model/json_document.hpp"
#include "model/json_object.hpp"
#include "storage/content_sweep.hpp"

#include <algorithm>
#include <chrono>

namespace ingot {

namespace {

/// Rows of one transaction, far from the statement timeout.
constexpr auto step_rows = std::size_t{1'000};

/// An object that no row names may be one that a sync has written and not told of yet: none takes so long between the two.
constexpr auto orphan_age_min = std::chrono::hours{1};

struct sweep_counts {
  std::size_t files = 0, contents = 0, objects = 0, orphans = 0, syncs = 0;
};

/// One attempt. Gives up between two steps when the node stops; what is left is swept the next time.
class sweep {
public:
  explicit sweep(const node_context& context) : context_{context}, db_{context.open_connection()} {}

  sweep_counts run(bool orphans) {
    sweep_removed();
    while (!stops() && add(counts_.contents, storage::sweep_unreferenced(*db_, context_.config.blobs.grace, step_rows))) {
    }
    failpoint("sweep_rows_gone");
    remove_garbage();
    if (orphans)
      remove_orphans();
    while (!stops() && add(counts_.syncs, storage::sweep_syncs(*db_, context_.config.contents.syncs_days, step_rows))) {
    }
    return counts_;
  }

private:
  bool stops() const { return context_.draining; }

  /// @returns whether the step was full, so that there may be more
  static bool add(std::size_t& to, std::size_t count) {
    to += count;
    return count >= step_rows;
  }

  void sweep_removed() {
    for (auto more = true; more && !stops();) {
      const auto step = storage::sweep_removed_repository(*db_, step_rows);
      counts_.files += step.files;
      more = step.more;
    }
  }

  /// Objects go before the rows that name them: a sweep that is killed in between removes them once more.
  void remove_garbage() {
    for (auto keys = storage::list_garbage(*db_, step_rows); !keys.empty() && !stops();
         keys = storage::list_garbage(*db_, step_rows)) {
      for (const auto& x : keys)
        context_.blobs->remove(x);
      failpoint("sweep_objects_gone");
      storage::forget_garbage(*db_, keys);
      counts_.objects += keys.size();
    }
  }

  /// What killed syncs have left.
  void remove_orphans() {
    const auto age = std::max<std::chrono::milliseconds>(context_.config.blobs.grace, orphan_age_min);
    const auto limit = std::chrono::floor<std::chrono::seconds>(context_.now() - age).time_since_epoch().count();
    auto page = context_.blobs->list("", step_rows);
    while (!page.empty() && !stops()) {
      auto old = std::vector<std::string>{};
      for (const auto& x : page)
        if (x.written_at < limit)
          old.push_back(x.key);
      if (!old.empty())
        for (const auto& key : storage::unknown_keys(*db_, old)) {
          context_.blobs->remove(key);
          ++counts_.orphans;
        }
      page = context_.blobs->list(page.back().key, step_rows);
    }
  }

  const node_context& context_;
  std::unique_ptr<storage::connection> db_;
  sweep_counts counts_;
};

bool wants_orphans(const claimed_job& job) {
  auto document = json_document{};
  auto orphans = false;
  return !document.parse(job.payload) && document.root()["orphans"].get(orphans) == simdjson::SUCCESS && orphans;
}

} // namespace

job_outcome sweep_contents(const claimed_job& job, const node_context& context) {
  try {
    const auto counts = sweep{context}.run(wants_orphans(job));
    return job_succeeded{json_object{}
                             .add("files", counts.files)
                             .add("contents", counts.contents)
                             .add("objects", counts.objects)
                             .add("orphans", counts.orphans)
                             .add("syncs", counts.syncs)
                             .text()};
  } catch (const std::exception& e) {
    return job_failed_for_now{std::string{"the sweep came to no end: "} + e.what()};
  }
}

} // namespace ingot
