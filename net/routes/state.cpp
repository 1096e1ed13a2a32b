#include "net/routes/state.hpp"

#include "model/json_write.hpp"
#include "net/bridge.hpp"
#include "net/routes/openapi.hpp"

#include <memory>
#include <utility>

namespace ingot::routes {

namespace {

/// A probe may have to wait for a database that hangs; whoever asks for readiness waits no longer than this.
constexpr auto probe_timeout = std::chrono::seconds{5};
constexpr auto metrics_timeout = std::chrono::seconds{5};

std::string readiness(const services& what, bool ready, const database_report& found) {
  const auto& context = *what.context;
  auto text = std::string{"{\"ready\":"} + (ready ? "true" : "false");
  text += ",\"database\":{\"reachable\":" + std::string{found.reachable ? "true" : "false"};
  text += ",\"commits\":\"" + std::string{to_string(context.database)} + "\",\"problem\":";
  append_json_string(text, found.problem);
  text += ",\"migrations\":{\"applied\":" + (found.reachable ? std::to_string(found.schema_version) : std::string{"null"}) +
          ",\"expected\":" + std::to_string(what.schema_version);
  text += "}},\"spool\":{\"deliveries\":" + std::to_string(context.spool_depth);
  text += ",\"bytes\":" + std::to_string(context.spool_bytes) +
          "},\"lag\":{\"groups_waiting\":" + std::to_string(context.groups_waiting);
  return text + "}}";
}

void answer_readiness(const services& what, http::responder& done, const database_report& found) {
  auto answer = http::response{};
  const auto ready =
      found.reachable && found.schema_version == what.schema_version && what.context->database == database_state::direct;
  answer.status = ready ? 200 : 503;
  answer.body = readiness(what, ready, found);
  if (!ready)
    answer.fields.emplace_back("retry-after", "1");
  done(std::move(answer));
}

} // namespace

std::string_view to_string(database_state x) noexcept {
  switch (x) {
  case database_state::direct:
    return "direct";
  case database_state::draining:
    return "draining";
  default:
    return "away";
  }
}

void get_health(const services& what, http::request, path_parameters, http::responder done) {
  auto answer = http::response{};
  answer.body = "{\"status\":\"ok\",\"version\":";
  append_json_string(answer.body, what.version);
  answer.body += '}';
  done(std::move(answer));
}

void get_ready(const services& what, http::request, path_parameters, http::responder done) {
  const auto handles = what.context->handles.load();
  if (!handles)
    return answer_readiness(what, done, {false, 0, "the node stops"});
  auto shared = std::make_shared<http::responder>(std::move(done));
  bridge::ask<database_report>(
      what.system, handles->readers.back(), probe_timeout,
      [&what, shared](const caf::expected<database_report>& found) {
        answer_readiness(what, *shared, found ? *found : database_report{false, 0, "the database does not answer in time"});
      },
      probe_atom_v);
}

void get_metrics(const services& what, http::request req, path_parameters, http::responder done) {
  const auto handles = what.context->handles.load();
  if (!handles)
    return done(http::refusal({fault::stopping, "the node stops", {}}, req.head.request_id));
  auto shared = std::make_shared<http::responder>(std::move(done));
  bridge::ask<std::string>(
      what.system, handles->metrics, metrics_timeout,
      [shared, id = req.head.request_id](caf::expected<std::string> text) {
        if (!text)
          return (*shared)(http::refusal({fault::overloaded, "the metrics could not be gathered in time", {}}, id));
        auto answer = http::response{};
        answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
        answer.body = std::move(*text);
        (*shared)(std::move(answer));
      },
      collect_atom_v);
}

void get_openapi(const services& what, http::request, path_parameters, http::responder done) {
  auto answer = http::response{};
  answer.body = openapi_document(what.version);
  done(std::move(answer));
}

} // namespace ingot::routes
