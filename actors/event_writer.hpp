#pragma once

#include "actors/intake_writer.hpp"

namespace ingot {

/// Application events, for the INTAKE WRITER.
struct event_intake {
  using item = events_in_hand;
  using stored = storage::event_request;
  using store = storage::event_store;
  static constexpr const char* name = "event writer";
  static constexpr const char* source = "events";
  static constexpr bool keeps_refused = false; // its sender has it still

  static std::unique_ptr<store> open(const node_context& context) { return context.open_event_store(); }
  static std::size_t weight(const item& x) { return x.said.events.size(); }
  static std::size_t weight_max(const settings& of) { return of.events.commit_events_max; }
  static void answer(item& x, const failure& why, bool spooled);
  static bool is_answered(const item& x) { return !x.answer; }

  /// The client's address goes to disk as a hash, too.
  static delivery to_spool(const item& x);
  static std::shared_ptr<item> from_spool(const delivery& x, const node_context& context);
  static void keep_failed(store& to, const delivery& x, const std::string& why) { to.keep_failed(x, why); }
};

event_writer_actor::behavior_type event_writer(event_writer_actor::stateful_pointer<intake_writer_state<event_intake>> self,
                                               context_ptr context, std::uint32_t index, spool_actor spool, bool through_spool);

/// What application events may be, by the settings.
events::rules event_rules_of(const event_settings& x);

} // namespace ingot
