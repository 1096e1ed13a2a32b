#include "actors/submission_repository_job.hpp"

#include "model/json_object.hpp"
#include "model/mcp/judged_manifest.hpp"
#include "model/mcp/submission_notice.hpp"
#include "net/github/api.hpp"
#include "storage/provider_repositories.hpp"
#include "storage/refused_change.hpp"
#include "storage/submissions.hpp"

#include <array>

namespace ingot {

namespace {

/// Where a manifest may lie, the likeliest place first.
constexpr auto places = std::to_array<std::string_view>({"server.json", "mcp.json", ".mcp/server.json"});

constexpr auto no_manifest = std::string_view{
    R"({"valid":false,"schema_valid":false,"schema":"","errors":[{"source":"rule","pointer":"","message":"the repository has no )"
    R"(manifest at server.json, mcp.json or .mcp/server.json","hint":"add one, or submit its text","line":1,"column":1}]})"};

job_outcome done(std::string_view outcome) {
  return job_succeeded{json_object{}.add("outcome", outcome).text()};
}

/// The submission of a job, with its repository.
struct subject {
  storage::submission_record row;
  mcp::repository_page page;
};

std::optional<subject> subject_of(storage::connection& db, const claimed_job& job) {
  const auto id = mcp::parse_submission_job(job.payload);
  auto found = id ? storage::find_submission(db, *id) : std::nullopt;
  const auto page = found ? mcp::parse_repository_page(found->repository_url) : std::nullopt;
  if (!page)
    return std::nullopt;
  return subject{std::move(*found), *page};
}

github::api_session session_for(const node_context& context, const mcp::repository_page& of) {
  return {*context.github, *context.tokens, *context.permits, {0, false, contents::urgency::manual, of.owner + "/" + of.name}};
}

/// Of a public repository; what the node's own token sees beyond that is not for strangers.
std::optional<github::api::repository> public_repository(github::api_session& api, const mcp::repository_page& page) {
  auto found = api.repository(page.owner, page.name).value;
  if (!found || found->is_private)
    throw contents::provider_error{contents::trouble::gone, "there is no such public repository"};
  return found;
}

std::optional<std::string> manifest_text(github::api_session& api, const github::api::repository& of) {
  for (const auto place : places) {
    try {
      const auto item = api.contents(of.id, place, of.default_branch).value;
      if (item && item->type == "file" && item->text)
        return item->text;
    } catch (const contents::provider_error& e) {
      if (e.kind() != contents::trouble::gone)
        throw;
    }
  }
  return std::nullopt;
}

} // namespace

job_outcome fetch_submitted_manifest(const claimed_job& job, const node_context& context) {
  const auto db = context.open_connection();
  const auto x = subject_of(*db, job);
  if (!x || !x->row.manifest.text.empty())
    return done("nothing to do");
  auto api = session_for(context, x->page);
  auto kept = mcp::judged_manifest{};
  try {
    const auto repository = public_repository(api, x->page);
    if (const auto text = manifest_text(api, *repository))
      kept = mcp::judge_submitted_manifest(*context.manifests, *text, x->page);
  } catch (const contents::provider_error& e) {
    if (e.kind() != contents::trouble::gone)
      throw;
  }
  if (kept.report.empty())
    kept.report = no_manifest;
  try {
    storage::keep_fetched_manifest(*db, x->row.id, kept);
  } catch (const storage::refused_change& e) {
    return job_failed_for_good{e.what()};
  }
  return done(kept.text.empty() ? "no manifest" : kept.valid ? "valid" : "invalid");
}

job_outcome track_submitted_repository(const claimed_job& job, const node_context& context) {
  const auto db = context.open_connection();
  const auto x = subject_of(*db, job);
  if (!x || x->row.state != mcp::submission_state::approved)
    return done("nothing to do");
  auto api = session_for(context, x->page);
  const auto found = public_repository(api, x->page);
  auto wanted = contents::new_repository{};
  wanted.provider = "github";
  wanted.owner = found->owner;
  wanted.name = found->name;
  const auto what =
      contents::description{found->id, found->owner, found->name, found->default_branch, found->is_private, found->archived};
  try {
    storage::add_repository(*db, "", {wanted, what}, context.config.contents.repositories_per_user_max, {"node", context.now()});
  } catch (const storage::refused_change& e) {
    if (e.why().code != fault::conflict)
      return job_failed_for_good{e.what()};
    return done("followed already");
  }
  return done("followed");
}

} // namespace ingot
