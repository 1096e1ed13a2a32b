#include "actors/site_sync_job.hpp"

#include "actors/sync_log.hpp"
#include "model/compression.hpp"
#include "model/json_document.hpp"

#include <stdexcept>
#include <utility>

namespace ingot {

namespace {

std::int64_t number(simdjson::dom::object from, const char* name) {
  auto out = std::int64_t{0};
  if (from[name].get(out) != simdjson::SUCCESS)
    throw std::runtime_error{std::string{"the payload of a sync's job has no number "} + name};
  return out;
}

/// What the payload and the body say. Throws std::runtime_error when they are not ours.
sync_ptr sync_of(const claimed_job& job) {
  auto document = json_document{};
  if (const auto why = document.parse(job.payload))
    throw std::runtime_error{why->message};
  const auto root = document.root();
  auto out = std::make_shared<sync_in_hand>();
  out->site_id = number(root, "site_id");
  out->key_id = number(root, "key_id");
  out->lenient = number(root, "lenient") != 0;
  out->received_at = timestamp{std::chrono::microseconds{number(root, "received_at")}};
  auto id = std::string_view{};
  if (root["sync_id"].get(id) != simdjson::SUCCESS)
    throw std::runtime_error{"the payload of a sync's job has no sync_id"};
  out->sync_id = id;
  out->started = std::chrono::steady_clock::now();
  out->body = job.body;
  out->request_id = "job " + std::to_string(job.lease.id);
  out->of_job = job.lease;
  return out;
}

/// Why the database let it not in, or none.
failure failure_of(storage::site_verdict x) {
  switch (x) {
  case storage::site_verdict::no_site:
    return {fault::not_found, "there is no such site", {}};
  case storage::site_verdict::disabled:
    return {fault::forbidden, "the site is disabled", {}};
  case storage::site_verdict::key_revoked:
    return {fault::unauthorized, "the key that the sync came with was revoked", {}};
  case storage::site_verdict::base_differs:
    return {fault::conflict, "the state that this difference stands on is not the present one", {}};
  case storage::site_verdict::rate_limited:
    return {fault::rate_limited, "the site has used up its syncs of the last hour", {}};
  case storage::site_verdict::too_many:
    return {fault::invalid_fields, "the site has named more modules than sites.modules_known_max", {}};
  case storage::site_verdict::busy:
    return {fault::overloaded, "another node is busy with the site", {}};
  case storage::site_verdict::taken:
    break;
  }
  return {};
}

std::string text_of(const failure& why) {
  auto out = why.message;
  for (const auto& x : why.details)
    out += "; " + x.pointer + ": " + x.message;
  return out;
}

job_outcome outcome_of(const failure& why) {
  // A site that is disabled (forbidden) may be enabled again; until then its syncs wait, and then lie in the dead letters.
  if (why.code == fault::storage_unavailable || why.code == fault::overloaded || why.code == fault::lost ||
      why.code == fault::forbidden)
    return job_failed_for_now{why.message};
  if (why.code != fault::none)
    return job_failed_for_good{text_of(why)};
  return job_completed_already{};
}

} // namespace

new_job site_sync_job(const sync_in_hand& x) {
  auto job = new_job{};
  job.kind = site_sync_kind;
  job.key = storage::sync_job_key(x.site_id);
  job.dedupe_key = "sync/" + x.sync_id; // a COMMIT whose answer was lost is repeated
  job.payload = "{\"site_id\":" + std::to_string(x.site_id) + ",\"key_id\":" + std::to_string(x.key_id) +
                ",\"lenient\":" + (x.lenient ? "1" : "0") +
                ",\"received_at\":" + std::to_string(x.received_at.time_since_epoch().count()) + ",\"sync_id\":\"" + x.sync_id +
                "\"}";
  job.body = compress(x.body);
  return job;
}

job_handler site_sync_jobs(const node_context& context) {
  return [&context](job_ptr job) {
    auto sync = sync_ptr{};
    try {
      sync = sync_of(job->job);
    } catch (const std::runtime_error& e) {
      (*job->answer)(job_failed_for_good{e.what()});
      return;
    }
    sync->answer = [&context, job](const sync_in_hand& x, const failure& problem) {
      const auto why = problem.code != fault::none ? problem : failure_of(x.verdict);
      if (why.code != fault::lost) // else another attempt has it, and tells of itself
        log_sync(context, x, why);
      (*job->answer)(outcome_of(why));
    };
    if (const auto handles = context.handles.load())
      caf::anon_send(handles->site_parsers[static_cast<std::size_t>(sync->site_id) % handles->site_parsers.size()], sync_atom_v,
                     std::move(sync));
  };
}

} // namespace ingot
