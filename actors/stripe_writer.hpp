#pragma once

#include "actors/intake_writer.hpp"

namespace ingot {

/// Stripe's events, for the INTAKE WRITER.
struct stripe_intake {
  using item = stripe_in_hand;
  using stored = storage::stripe_item;
  using store = storage::stripe_store;
  static constexpr const char* name = "stripe writer";
  static constexpr const char* source = storage::stripe_source;
  static constexpr bool keeps_refused = true;

  /// Bodies larger than this weigh as several, so that neither their number nor their bytes make a transaction too large.
  static constexpr std::size_t weight_bytes = 32 * 1024;

  static std::unique_ptr<store> open(const node_context& context) { return context.open_stripe_store(); }
  static std::size_t weight(const item& x) { return 1 + x.kept.body.size() / weight_bytes; }
  static std::size_t weight_max(const settings& of) { return of.database.batch_items_max; }
  static void answer(item& x, const failure& why, bool spooled);
  static bool is_answered(const item& x) { return !x.answer; }
  static delivery to_spool(const item& x) { return x.kept; }
  /// The signature was judged at receipt, and not again.
  static std::shared_ptr<item> from_spool(const delivery& x, const node_context& context);
  static void keep_failed(store& to, const delivery& x, const std::string& why) { to.keep_failed(x, why); }
};

stripe_writer_actor::behavior_type stripe_writer(stripe_writer_actor::stateful_pointer<intake_writer_state<stripe_intake>> self,
                                                 context_ptr context, std::uint32_t index, spool_actor spool, bool through_spool);

} // namespace ingot
