#include "actors/event_writer.hpp"

#include "model/compression.hpp"
#include "model/signature.hpp"

#include <charconv>
#include <stdexcept>

namespace ingot {

namespace {

std::array<unsigned char, 16> id_of(std::string_view hex) {
  auto out = std::array<unsigned char, 16>{};
  if (hex.size() != out.size() * 2)
    throw std::runtime_error{"its id is none"};
  for (auto i = std::size_t{0}; i < out.size(); ++i)
    if (std::from_chars(hex.data() + i * 2, hex.data() + i * 2 + 2, out[i], 16).ptr != hex.data() + i * 2 + 2)
      throw std::runtime_error{"its id is none"};
  return out;
}

} // namespace

void event_intake::answer(item& x, const failure& why, bool spooled) {
  if (const auto to = std::exchange(x.answer, nullptr))
    to(x, why, spooled);
}

delivery event_intake::to_spool(const item& x) {
  auto out = delivery{};
  out.source = source;
  out.endpoint = x.who.text();
  out.id = to_hex({reinterpret_cast<const char*>(x.id.data()), x.id.size()});
  out.event = source;
  out.content_type = "application/json";
  out.received_at = x.received_at;
  const auto body = events::to_json(x.said); // the bad ones have been named to their sender
  out.body_bytes = static_cast<std::uint32_t>(body.size());
  out.body = compress(body);
  return out;
}

std::shared_ptr<events_in_hand> event_intake::from_spool(const delivery& x, const node_context& context) {
  const auto raw = x.encoding == body_encoding::zstd ? decompress(x.body, x.body_bytes) : x.body;
  auto rules = context.event_rules;
  rules.accepted_before = true;
  auto parsed = events::parse(raw, rules, x.received_at);
  if (const auto* why = std::get_if<failure>(&parsed))
    throw std::runtime_error{why->message};
  auto who = events::viewer::from_text(x.endpoint);
  if (!who)
    throw std::runtime_error{"its viewer is none"};
  auto out = std::make_shared<item>();
  out->id = id_of(x.id);
  out->received_at = x.received_at;
  out->said = std::move(std::get<events::batch>(parsed));
  if (!out->said.rejected.empty())
    throw std::runtime_error{"at " + out->said.rejected.front().pointer + ": " + out->said.rejected.front().message};
  out->who = std::move(*who);
  return out;
}

event_writer_actor::behavior_type event_writer(event_writer_actor::stateful_pointer<intake_writer_state<event_intake>> self,
                                               context_ptr context, std::uint32_t index, spool_actor spool, bool through_spool) {
  return intake_writer_behavior<event_intake>::make(self, std::move(context), index, std::move(spool), through_spool);
}

events::rules event_rules_of(const event_settings& x) {
  auto out = events::rules{};
  auto rest = std::string_view{x.types};
  while (!rest.empty()) {
    const auto end = std::min(rest.find(' '), rest.size());
    if (end > 0)
      out.types.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  out.events_max = x.per_request_max;
  out.ahead_max = x.ahead_max;
  out.age_max = std::chrono::days{x.age_days_max};
  return out;
}

} // namespace ingot
