#include "actors/release_fetcher.hpp"

#include "model/json_document.hpp"
#include "model/json_object.hpp"
#include "net/client/client.hpp"
#include "storage/release_fetches.hpp"

#include <algorithm>

namespace ingot {

namespace {

constexpr auto fetch_timeout = std::chrono::seconds{60};

/// Why no history came, and whether another attempt is worth it.
struct unfetched : std::runtime_error {
  unfetched(bool for_good_, const std::string& why) : std::runtime_error{why}, for_good{for_good_} {}
  bool for_good;
};

/// The server does not know the project: nothing to be tried again.
struct unknown_project : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string project_of(const claimed_job& job) {
  auto document = json_document{};
  auto project = std::string_view{};
  if (document.parse(job.payload) || document.root()["project"].get(project) != simdjson::SUCCESS)
    return {};
  const auto part_of_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return std::all_of(project.begin(), project.end(), part_of_name) ? std::string{project} : std::string{};
}

client::response ask(const std::string& project, const storage::release_fetch& last, const node_context& context) {
  auto x = client::request{};
  x.url = context.config.drupal.releases_url + "/" + project + "/current";
  x.headers = {{"Accept", "text/xml"}, {"User-Agent", "ingot/" INGOT_VERSION}};
  if (!last.etag.empty())
    x.headers.emplace_back("If-None-Match", last.etag);
  if (!last.last_modified.empty())
    x.headers.emplace_back("If-Modified-Since", last.last_modified);
  x.timeout = fetch_timeout;
  x.answer_bytes_max = drupal::release_history_bytes_max;
  x.private_addresses = true; // the operator chose the address
  x.compressed = true;
  try {
    return client::perform(x);
  } catch (const client::no_response& e) {
    throw unfetched{e.kind() == client::trouble::bad_url, std::string{"no answer: "} + e.what()};
  }
}

drupal::release_history history_of(const client::response& got, const std::string& project) {
  if (got.status == 404)
    throw unknown_project{"the server has no such release history"};
  if (got.status != 200) {
    const auto again = got.status == 429 || got.status == 408 || got.status >= 500;
    throw unfetched{!again, "the server answered " + std::to_string(got.status)};
  }
  if (got.cut)
    throw unfetched{true, "the answer is longer than a release history may be"};
  auto parsed = drupal::parse_release_history(got.body);
  if (const auto* wrong = std::get_if<failure>(&parsed)) {
    if (wrong->code == fault::not_found)
      throw unknown_project{wrong->message};
    throw unfetched{false, wrong->message + (wrong->details.empty() ? "" : "; " + wrong->details.front().pointer)};
  }
  auto& history = std::get<drupal::release_history>(parsed);
  if (history.project != project)
    throw unfetched{true, "the answer is of another project: " + history.project};
  return std::move(history);
}

job_outcome fetch(storage::connection& db, const std::string& project, const job_lease& lease, const node_context& context) {
  const auto got = ask(project, storage::last_release_fetch(db, project), context);
  const auto now = context.now();
  if (got.status == 304) {
    const auto changes = storage::confirm_release_fetch(db, project, now, &lease);
    return job_succeeded{json_object{}
                             .add("status", "unchanged")
                             .add("versions_flagged", changes.versions_flagged)
                             .add("versions_cleared", changes.versions_cleared)
                             .text()};
  }
  const auto history = history_of(got, project);
  const auto fetched = storage::release_fetch{now, std::string{got["etag"]}, std::string{got["last-modified"]}};
  const auto changes = storage::import_releases(db, history, now, fetched, storage::older_histories::refused, &lease);
  return job_succeeded{json_object{}
                           .add("status", "imported")
                           .add("releases", history.releases.size())
                           .add("releases_written", changes.releases_written)
                           .add("versions_flagged", changes.versions_flagged)
                           .add("versions_cleared", changes.versions_cleared)
                           .text()};
}

} // namespace

job_outcome fetch_releases(const claimed_job& job, const node_context& context) {
  const auto project = project_of(job);
  if (project.empty())
    return job_failed_for_good{"the payload names no project"};
  try {
    const auto db = context.open_connection();
    try {
      return fetch(*db, project, job.lease, context);
    } catch (const unknown_project& e) {
      storage::record_release_failure(*db, project, e.what(), context.now(), &job.lease);
      return job_succeeded{R"({"status":"unknown"})"};
    } catch (const unfetched& e) {
      storage::record_release_failure(*db, project, e.what(), context.now(), &job.lease);
      return e.for_good ? job_outcome{job_failed_for_good{e.what()}} : job_outcome{job_failed_for_now{e.what()}};
    }
  } catch (const std::exception& e) {
    return job_failed_for_now{storage::describe(e)};
  }
}

job_handler release_fetches(caf::actor_system& system, const node_context& context) {
  return [&system, &context, next = timestamp{}](job_ptr job) mutable {
    const auto now = context.now();
    const auto wait = std::clamp(next - now, timestamp::duration{0}, timestamp::duration{context.config.drupal.releases_pause});
    next = now + wait + context.config.drupal.releases_pause;
    system.spawn<caf::detached>([&context, wait, job = std::move(job)](caf::event_based_actor* self) -> caf::behavior {
      self->delayed_send(self, wait, tick_atom_v);
      return {[&context, job, self](tick_atom) {
        (*job->answer)(fetch_releases(job->job, context));
        self->quit();
      }};
    });
  };
}

} // namespace ingot
