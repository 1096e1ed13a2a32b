#include "net/routes/crawl.hpp"

#include "model/json_object.hpp"
#include "net/bridge.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/media_type.hpp"
#include "telemetry/log.hpp"

#include <memory>
#include <utility>

namespace ingot::routes {

namespace {

std::string errors_json(const std::vector<crawl::item_error>& errors) {
  auto all = std::vector<std::string>{};
  for (const auto& x : errors)
    all.push_back(
        json_object{}.add("index", x.index).add("pointer", x.pointer).add("code", x.code).add("message", x.message).text());
  return json_array(all);
}

failure failure_of(const crawl_in_hand& x) {
  switch (x.verdict) {
  case storage::crawl_verdict::taken:
    return {};
  case storage::crawl_verdict::no_source:
    return {fault::not_found,
            "there is no such source; the operator adds one with `ingot sources add`",
            {{"/sourceId", "expected the id of a source"}}};
  case storage::crawl_verdict::disabled:
    return {fault::not_found, "this source is disabled", {{"/sourceId", "expected the id of a source that is not disabled"}}};
  case storage::crawl_verdict::busy:
    break; // the CRAWL WRITER has refused it
  }
  return {fault::internal, "an unknown verdict", {}};
}

http::response answer_of(const crawl_in_hand& x, const failure& problem) {
  const auto why = problem.code != fault::none ? problem : failure_of(x);
  if (why.code != fault::none) {
    log::info("crawl items not taken", {{"request_id", x.request_id}, {"code", to_string(why.code)}, {"reason", why.message}});
    return http::refusal(why, x.request_id);
  }
  auto out = json_object{};
  out.add("created", x.counts.created).add("updated", x.counts.updated).add("unchanged", x.counts.unchanged);
  return json_response(out.add("rejected", x.rejected).add_raw("errors", errors_json(x.errors)).text());
}

} // namespace

void take_crawl_items(const services& what, http::request req, path_parameters, http::responder done) {
  const auto refuse = [&](const failure& why) {
    audit_refusal(what, req.head, why);
    done(http::refusal(why, req.head.request_id));
  };
  if (!is_media_type(req.head["content-type"], "application/json"))
    return refuse(
        {fault::unsupported_media_type, "this content type is not read here", {{"content-type", "expected: application/json"}}});
  const auto handles = what.context->handles.load();
  if (!handles)
    return refuse({fault::stopping, "the node stops", {}});
  auto x = std::make_shared<crawl_in_hand>();
  x->claim = std::make_shared<byte_claim>(what.context->crawl_waiting, 1);
  if (what.context->crawl_waiting > crawl_waiting_max)
    return refuse({fault::overloaded, "too many requests of crawl partners wait; send it again", {}});
  x->body = std::move(req.body);
  x->request_id = req.head.request_id;
  x->received_at = req.received_at;
  x->answer = [to = std::make_shared<http::responder>(std::move(done))](const crawl_in_hand& end, const failure& problem) {
    (*to)(answer_of(end, problem));
  };
  bridge::tell(handles->crawl_writer, commit_atom_v, std::move(x));
}

} // namespace ingot::routes
