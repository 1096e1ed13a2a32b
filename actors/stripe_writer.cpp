#include "actors/stripe_writer.hpp"

#include "model/compression.hpp"

#include <stdexcept>
#include <utility>

namespace ingot {

void stripe_intake::answer(item& x, const failure& why, bool spooled) {
  if (const auto to = std::exchange(x.answer, nullptr))
    to(x, why, spooled);
}

std::shared_ptr<stripe_in_hand> stripe_intake::from_spool(const delivery& x, const node_context&) {
  const auto raw = x.encoding == body_encoding::zstd ? decompress(x.body, x.body_bytes) : x.body;
  auto parsed = stripe::parse_event(raw);
  if (const auto* why = std::get_if<failure>(&parsed))
    throw std::runtime_error{why->message};
  auto out = std::make_shared<item>();
  out->what = std::move(std::get<stripe::event>(parsed));
  out->kept = x;
  return out;
}

stripe_writer_actor::behavior_type stripe_writer(stripe_writer_actor::stateful_pointer<intake_writer_state<stripe_intake>> self,
                                                 context_ptr context, std::uint32_t index, spool_actor spool,
                                                 bool through_spool) {
  return intake_writer_behavior<stripe_intake>::make(self, std::move(context), index, std::move(spool), through_spool);
}

} // namespace ingot
