#pragma once

#include "actors/context.hpp"
#include "storage/nightly_runs.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ingot {

/// Looks at followed repositories for a nightly run: many in one request where the provider can, else one request each, some at a
/// time. Blocks; throws nothing of a provider's.
class nightly_look {
public:
  using subject = storage::nightly_subject;
  using result = storage::nightly_result;

  nightly_look(const node_context& context, bool full, std::string parts);

  struct found {
    std::vector<result> results; ///< without those whose credential is limited: they come again
    contents::sync_cost cost;
  };
  found at(const std::vector<subject>& subjects);

  /// Credentials that may not be used at `now`.
  std::vector<std::int64_t> limited(timestamp now) const;
  /// When the first of them may be used again.
  std::optional<timestamp> limited_until(timestamp now) const;

private:
  struct found_difference {
    bool moved = false;   ///< its files may be others
    bool changed = false; ///< what its row says of it was wrong
  };

  void glance(std::span<const subject* const> group, std::vector<const subject*>& alone);
  void look_alone(const std::vector<const subject*>& all);
  void look_at(const subject& x);
  result judge(const subject& x, const contents::description* what, const contents::object_id& head,
               const std::string& branch) const;
  void order(const subject& x, result& into, found_difference seen) const;
  void failed(const subject& x, const contents::provider_error& e);
  void add(result&& x);
  void spend(const contents::sync_cost& x);

  const node_context& context_;
  nightly::run_order order_;
  std::map<std::int64_t, timestamp> limited_; ///< credentials, and until when
  mutable std::mutex mutex_;                  ///< of `found_` and `limited_`, while several threads look
  found found_;
  std::map<std::int64_t, bool> doubted_; ///< repositories that were not found by their names
};

} // namespace ingot
