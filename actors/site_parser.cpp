#include "actors/site_parser.hpp"

#include "actors/failure_guard.hpp"
#include "actors/site_sync_job.hpp"
#include "model/compression.hpp"
#include "model/gzip.hpp"
#include "model/sha256.hpp"

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
  if (auto* why = std::get_if<failure>(&unpacked))
    return std::move(*why);
  x.body = std::move(std::get<std::string>(unpacked));
  x.packed = false;
  return std::nullopt;
}

/// Large syncs, and those whose sender does not want to wait, are stored as they came; they have been found sound.
bool is_for_later(const sync_in_hand& x, const site_settings& settings) {
  return !x.of_job && (x.deferred || x.said.modules.size() > settings.async_modules || x.body.size() > settings.async_bytes);
}

void parse(site_parser_pointer self, sync_ptr x) {
  const auto& settings = self->state.context->config.sites;
  const auto refuse = [&](const failure& why) { x->answer(*x, why); };
  if (const auto why = unpack(*x, settings.body_bytes_max))
    return refuse(*why);
  x->payload_hash = sha256(x->body);
  auto parsed = drupal::parse_inventory(x->body, x->lenient, x->body.capacity() - x->body.size());
  if (const auto* why = std::get_if<failure>(&parsed))
    return refuse(*why);
  x->said = std::move(std::get<drupal::inventory>(parsed));
  if (is_for_later(*x, settings))
    x->as_job = site_sync_job(*x);
  x->body = {};
  if (const auto handles = self->state.context->handles.load())
    self->send(handles->sites, sync_atom_v, std::move(x));
}

} // namespace

site_parser_actor::behavior_type site_parser(site_parser_pointer self, context_ptr context) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  return {[self](sync_atom, sync_ptr x) { parse(self, std::move(x)); }};
}

} // namespace ingot
