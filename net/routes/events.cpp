#include "net/routes/events.hpp"

#include "config/secrets.hpp"
#include "model/json_object.hpp"
#include "net/bridge.hpp"
#include "net/routes/media_type.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <utility>

namespace ingot::routes {

namespace {

std::string errors_of(const events::batch& x) {
  auto list = std::vector<std::string>{};
  for (const auto& each : x.rejected)
    list.push_back(json_object{}
                       .add("index", each.index)
                       .add("pointer", each.pointer)
                       .add("code", each.code)
                       .add("message", each.message)
                       .text());
  return json_array(list);
}

http::response answer_of(const events_in_hand& x, const failure& why, bool spooled) {
  if (why.code != fault::none)
    return http::refusal(why, x.request_id);
  auto body = json_object{};
  body.add("accepted", spooled ? x.said.events.size() : x.accepted)
      .add("duplicates", spooled ? std::size_t{0} : x.duplicates)
      .add("rejected", x.said.rejected.size());
  if (spooled)
    body.add("spooled", true);
  body.add_raw("errors", errors_of(x.said));
  auto answer = http::response{};
  answer.body = body.text();
  return answer;
}

void count(const services& what, const events_in_hand& x, const failure& why, bool spooled) {
  auto& items = what.context->counters.intake_items;
  const auto add = [&](const char* outcome, std::size_t amount) {
    if (amount > 0)
      items.at({"events", outcome}).add(static_cast<double>(amount));
  };
  if (why.code != fault::none)
    return add("failed", x.said.events.size());
  add("rejected", x.said.rejected.size());
  add(spooled ? "spooled" : "accepted", spooled ? x.said.events.size() : x.accepted);
  if (!spooled)
    add("duplicate", x.duplicates);
}

} // namespace

void take_events(const services& what, http::request req, path_parameters, http::responder done) {
  const auto refuse = [&](const failure& why) {
    audit_refusal(what, req.head, why);
    done(http::refusal(why, req.head.request_id));
  };
  if (!is_media_type(req.head["content-type"], "application/json"))
    return refuse(
        {fault::unsupported_media_type, "this content type is not read here", {{"content-type", "expected: application/json"}}});
  const auto& context = *what.context;
  auto parsed = events::parse(req.body, context.event_rules, req.received_at, req.body.capacity() - req.body.size());
  if (auto* why = std::get_if<failure>(&parsed)) {
    why->code = why->code == fault::malformed_body || why->code == fault::unstorable_text ? fault::invalid_fields : why->code;
    return refuse(*why);
  }
  auto x = std::make_shared<events_in_hand>();
  const auto random = random_bytes();
  std::copy_n(random.begin(), x->id.size(), x->id.begin());
  x->received_at = req.received_at;
  x->said = std::move(std::get<events::batch>(parsed));
  x->request_id = req.head.request_id;
  const auto& hasher = *what.viewers;
  const auto client = client_of(what, req.head);
  const auto period_of = [&](timestamp at) { return hasher.period_of(at); };
  for (const auto period : storage::periods_of(x->said, period_of, context.config.events.view_window))
    x->who.add(period, hasher.hash(client, period));
  x->answer = [&what, to = std::make_shared<http::responder>(std::move(done))](const events_in_hand& end, const failure& why,
                                                                               bool spooled) {
    count(what, end, why, spooled);
    if (why.code != fault::none)
      log::warn("events not taken", {{"request_id", end.request_id}, {"reason", why.message}});
    (*to)(answer_of(end, why, spooled));
  };
  bridge::submit(std::move(x));
}

} // namespace ingot::routes
