#include "actors/site_parser.hpp"

#include "actors/failure_guard.hpp"
#include "actors/site_sync_job.hpp"
#include "model/compression.hpp"
#include "model/gzip.hpp"
#include "model/sha256.hpp"

#include <exception>
#include <optional>
#include <utility>

namespace ingot {

namespace {

using site_parser_pointer = site_parser_actor::stateful_pointer<site_parser_state>;

/// Replaces a packed body by what is in it. @returns what is wrong
std::optional<failure> unpack(sync_in_hand& x, std::size_t bytes_max) {
  if (x.of_job)
    x.body = decompress(x.body, bytes_max);
  if (!x.packed)
    return std::nullopt;
  auto unpacked = gunzip(x.body, bytes_max);
  if (auto* why = std::get_if<failure>(&unpacked)) {
    if (why->code == fault::malformed_body)
      why->code = fault::invalid_fields; // a fault of the body, as others
    return std::move(*why);
  }
  x.body = std::move(std::get<std::string>(unpacked));
  x.packed = false;
  return std::nullopt;
}

/// Large syncs, and those whose sender does not want to wait, are stored as they came; they have been found sound.
bool is_for_later(const sync_in_hand& x, const site_settings& settings) {
  return !x.of_job && (x.deferred || x.said.modules.size() > settings.async_modules || x.body.size() > settings.async_bytes);
}

/// A clock that is fast must not hold up what the site says in the true time until then.
std::optional<failure> refuse_future(const sync_in_hand& x) {
  if (x.said.sync_time <= x.received_at + drupal::time_ahead_max)
    return std::nullopt;
  return failure{
      fault::invalid_fields,
      "the body has 1 fault; nothing of it is stored",
      {{"/sync_timestamp", "expected at most a day ahead of the node's clock, and " + to_rfc3339(x.said.sync_time) + " came"}}};
}

/// What is wrong with the sync; nothing when it is parsed. Its body is gone then.
std::optional<failure> read(node_context& of_node, sync_in_hand& x) {
  const auto& settings = of_node.config.sites;
  if (auto why = unpack(x, settings.body_bytes_max))
    return why;
  // Jobs are bounded by their engine.
  if (!x.of_job && of_node.sync_bytes + x.body.size() > settings.bytes_in_flight_max)
    return failure{fault::overloaded, "too many syncs are being worked on; send it again", {}};
  x.claim = std::make_shared<byte_claim>(of_node.sync_bytes, x.body.size());
  x.payload_hash = sha256(x.body);
  auto parsed = drupal::parse_inventory(x.body, x.lenient, x.body.capacity() - x.body.size());
  if (auto* why = std::get_if<failure>(&parsed))
    return std::move(*why);
  x.said = std::move(std::get<drupal::inventory>(parsed));
  if (auto why = refuse_future(x))
    return why;
  if (is_for_later(x, settings)) {
    x.as_job = site_sync_job(x);
    x.said = {};
  }
  x.body = {};
  return std::nullopt;
}

void parse(site_parser_pointer self, sync_ptr x) {
  auto& of_node = *self->state.context;
  auto why = std::optional<failure>{};
  try {
    why = read(of_node, *x);
  } catch (const std::exception& e) { // a job's body that is damaged; no memory: nobody else's sync goes with it
    log::error("sync not read", {{"request_id", x->request_id}, {"site", x->site_id}, {"reason", std::string_view{e.what()}}});
    why = failure{fault::internal, std::string{"the body cannot be read: "} + e.what(), {}};
  }
  if (why) {
    x->answer(*x, *why);
    return;
  }
  if (const auto handles = of_node.handles.load())
    self->send(handles->sites, sync_atom_v, std::move(x));
}

} // namespace

site_parser_actor::behavior_type site_parser(site_parser_pointer self, context_ptr context) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  return {[self](sync_atom, sync_ptr x) { parse(self, std::move(x)); }};
}

} // namespace ingot
