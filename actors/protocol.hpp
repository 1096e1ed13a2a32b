#pragma once

#include "model/delivery.hpp"
#include "model/fault.hpp"
#include "model/github/decide.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ingot {

/// How one delivery ended.
struct receipt {
  delivery_outcome outcome = delivery_outcome::stored;
  failure why; ///< code != none: nothing is acknowledged
};

/// Answers one sender, once. Travels with the delivery; when its last holder drops it unanswered it answers `lost`, so that a
/// crashed actor or a dropped mailbox never leaves a sender waiting.
class reply {
public:
  explicit reply(std::function<void(receipt)> deliver) : deliver_{std::move(deliver)} {}
  reply(const reply&) = delete;
  reply& operator=(const reply&) = delete;
  ~reply();

  /// Thread-safe; later calls do nothing.
  void operator()(receipt x);

private:
  std::function<void(receipt)> deliver_;
  std::atomic<bool> done_{false};
};

/// A delivery on its way: what is kept, what it says, who waits. Shared by the actors that pass it on, changed by none.
struct delivery_in_hand {
  delivery kept;
  github::event event;
  bool replay = false; ///< asked for by an operator: applied although its id is known
  std::shared_ptr<reply> answer;
};
using delivery_ptr = std::shared_ptr<const delivery_in_hand>;

/// The deliveries of one repository that go through one commit together, in order, with what is known of it.
struct repository_group {
  std::vector<delivery_ptr> deliveries;
  bool decided = false;        ///< `changes` holds the decision; else the WRITER loads and decides
  github::knowledge known;     ///< after the decision, or as far as known; comes back in `committed`
  github::change_set changes;
};
using group_ptr = std::shared_ptr<repository_group>;

} // namespace ingot
