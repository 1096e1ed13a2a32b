#pragma once

#include "model/delivery.hpp"
#include "model/github/decide.hpp"

#include <vector>

namespace ingot::github {

/// Deliveries that go through one commit together, in order, with what is known of their repository and what they change.
struct group {
  struct item {
    const delivery* kept = nullptr;
    const event* what = nullptr;
    bool replay = false;                                 ///< applied although its id is known
    delivery_outcome outcome = delivery_outcome::stored; ///< set by the commit
  };

  std::vector<item> items;
  bool keyed = true;    ///< about one repository; false: only kept (ignored events, installations)
  bool decided = false; ///< `changes` holds the decision; else whoever commits loads what is missing and decides
  knowledge known;      ///< before: as far as known (with `decided`: after the decision). After the commit: what the rows hold
  change_set changes;
};

/// Decides the items from `first` on, in order, on `x.known`; duplicates that are no replay are passed over.
/// @returns the index of the first item that `known` does not cover; items.size() when all are decided
std::size_t decide_from(group& x, std::size_t first);

/// What `x.known` lacks for the items that are not decided; asked in rounds (a commit names further pull requests).
missing missing_for(const group& x);

/// After COMMIT: the version that the row has now.
void confirm(group& x);

} // namespace ingot::github
