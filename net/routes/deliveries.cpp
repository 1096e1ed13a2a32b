#include "net/routes/deliveries.hpp"

#include "model/compression.hpp"
#include "model/github/webhook.hpp"
#include "net/bridge.hpp"
#include "net/routes/github.hpp"
#include "storage/deliveries.hpp"

#include <memory>
#include <utility>

namespace ingot::routes {

namespace {

/// The kept delivery as if it had just come; or why its body says nothing any more.
std::variant<std::shared_ptr<delivery_in_hand>, failure> taken_again(delivery kept) {
  auto raw = std::string{};
  try {
    raw = kept.encoding == body_encoding::zstd ? decompress(kept.body, kept.body_bytes) : kept.body;
  } catch (const std::exception& e) {
    return failure{fault::internal, std::string{"the kept body is damaged: "} + e.what(), {}};
  }
  auto parsed = github::parse_webhook(kept.event, github::format_of(kept.content_type), raw);
  if (auto* why = std::get_if<failure>(&parsed))
    return std::move(*why);
  auto taken = std::make_shared<delivery_in_hand>();
  taken->kept = std::move(kept);
  taken->event = std::move(std::get<github::event>(parsed));
  taken->replay = true;
  return taken;
}

void apply_again(const services& what, const delivery& found, const http::request& asked, http::responder& done) {
  const auto& head = asked.head;
  auto again = taken_again(found);
  if (const auto* why = std::get_if<failure>(&again))
    return done(http::refusal(*why, head.request_id));
  const auto id = found.id;
  if (const auto handles = what.context->handles.load())
    bridge::tell(handles->auditor, audit_atom_v, audit_line{asked.by.actor, "delivery replayed", id, {}, head.request_id});
  bridge::submit(std::move(std::get<std::shared_ptr<delivery_in_hand>>(again)),
                 [id, request_id = head.request_id, to = std::make_shared<http::responder>(std::move(done))](const receipt& end) {
                   (*to)(answer_of(end, id, request_id));
                 });
  bridge::hand_over(*what.context); // this is an actor's thread: it has no turns
}

} // namespace

void replay_delivery(const services& what, http::request req, path_parameters id, http::responder done) {
  auto shared = std::make_shared<http::responder>(std::move(done));
  auto asked = std::make_shared<const http::request>(std::move(req));
  bridge::run_query(*what.context,
                    {[&what, shared, asked, id = id.front()](storage::connection& db) {
                       const auto found = storage::find_delivery(db, "github", id);
                       if (!found)
                         return (*shared)(http::refusal({fault::not_found, "no delivery with this id is kept", {{"id", id}}},
                                                        asked->head.request_id));
                       apply_again(what, *found, *asked, *shared);
                     },
                     [shared, asked](const failure& why) { (*shared)(http::refusal(why, asked->head.request_id)); }});
}

} // namespace ingot::routes
