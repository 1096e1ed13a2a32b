#include "actors/submission_repository_job.hpp"

#include "model/json_locate.hpp"
#include "model/json_object.hpp"
#include "model/mcp/judged_manifest.hpp"
#include "model/mcp/manifest.hpp"
#include "model/mcp/manifest_places.hpp"
#include "model/mcp/readme.hpp"
#include "model/mcp/submission_notice.hpp"
#include "model/word_list.hpp"
#include "net/github/api.hpp"
#include "storage/provider_repositories.hpp"
#include "storage/refused_change.hpp"
#include "storage/submissions.hpp"

namespace ingot {

namespace {

using mcp::manifest_origin_kind;

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

/// The text of a file that rows can hold; nothing when there is none.
std::optional<std::string> text_at(github::api_session& api, const github::api::repository& of, const std::string& path) {
  try {
    auto item = api.contents(of.id, path, of.default_branch).value;
    if (item && item->type == "file" && item->text && find_bad_utf8(*item->text) == std::string_view::npos &&
        item->text->find('\0') == std::string::npos)
      return std::move(item->text);
  } catch (const contents::provider_error& e) {
    if (e.kind() != contents::trouble::gone)
      throw;
  }
  return std::nullopt;
}

struct found_manifest {
  std::string path, text;
};

/// The first manifest; that of `server` if it names one.
std::optional<found_manifest> find_manifest(github::api_session& api, const github::api::repository& of,
                                            const std::vector<std::string>& places, const std::string& server) {
  for (const auto& place : places)
    if (auto text = text_at(api, of, place)) {
      const auto what = server.empty() ? std::nullopt : mcp::read_manifest(std::string_view{*text});
      if (server.empty() || (what && what->name == server))
        return found_manifest{place, std::move(*text)};
    }
  return std::nullopt;
}

/// The README beside the manifest, else that of the root, sanitized.
std::string readme_html(github::api_session& api, const github::api::repository& of, const std::string& manifest_path) {
  const auto folder = std::string{mcp::folder_of(manifest_path)};
  for (const auto& at : {folder, std::string{}}) {
    const auto in = at.empty() ? at : at + '/';
    if (const auto text = text_at(api, of, in + "README.md")) {
      const auto repository = of.owner + '/' + of.name;
      return mcp::read_readme(*text, {"https://github.com/" + repository + "/blob/HEAD/",
                                      "https://raw.githubusercontent.com/" + repository + "/HEAD/", in})
          .sanitized_html;
    }
    if (at.empty())
      break;
  }
  return {};
}

/// That there is no manifest, as its report says it.
mcp::judged_manifest no_manifest(const std::vector<std::string>& places) {
  auto names = std::string{};
  for (const auto& x : places)
    names += (names.empty() ? "" : ", ") + x;
  auto out = mcp::judged_manifest{};
  mcp::add_problem(
      out, {mcp::problem_source::rule, "", "the repository has no manifest at " + names, "add one, or submit its text", 1, 1});
  return out;
}

/// What the repository says of the submission's manifest.
storage::repository_look look_at(github::api_session& api, const subject& x, const node_context& context) {
  const auto all = mcp::manifest_places{words_in(context.config.mcp.manifest_paths)};
  const auto& places = all.paths();
  const auto is_typed = x.row.manifest_origin != manifest_origin_kind::repository;
  auto out = storage::repository_look{};
  try {
    const auto repository = public_repository(api, x.page);
    const auto found = find_manifest(api, *repository, places, is_typed ? x.row.manifest.server_name : std::string{});
    out.readme_html = readme_html(api, *repository, found ? found->path : std::string{});
    if (found && !is_typed)
      out.manifest = mcp::judge_submitted_manifest(*context.manifests, found->text, x.page);
    else if (is_typed)
      out.origin = !found                                                    ? manifest_origin_kind::absent
                   : mcp::is_same_manifest(found->text, x.row.manifest.text) ? manifest_origin_kind::repository
                                                                             : manifest_origin_kind::differs;
  } catch (const contents::provider_error& e) {
    if (e.kind() != contents::trouble::gone)
      throw;
    if (is_typed)
      out.origin = manifest_origin_kind::absent;
  }
  if (!is_typed && !out.manifest)
    out.manifest = no_manifest(places);
  return out;
}

std::string_view name_of(storage::look_end x) {
  switch (x) {
  case storage::look_end::kept:
    return "kept";
  case storage::look_end::duplicate:
    return "duplicate";
  case storage::look_end::unchanged:
    return "unchanged";
  case storage::look_end::outdated:
    break;
  }
  return "outdated";
}

} // namespace

job_outcome look_at_submitted_repository(const claimed_job& job, const node_context& context) {
  const auto db = context.open_connection();
  const auto x = subject_of(*db, job);
  if (!x || !mcp::is_pending(x->row.state))
    return done("nothing to do");
  auto api = session_for(context, x->page);
  const auto found = look_at(api, *x, context);
  try {
    const auto end = storage::keep_repository_look(*db, job.lease, x->row, found, {"node", context.now()});
    if (end == storage::look_end::outdated)
      return job_failed_for_now{"the submission changed while its repository was read"};
    return done(name_of(end));
  } catch (const storage::refused_change& e) {
    return job_failed_for_good{e.what()};
  }
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
    storage::add_repository(*db, "", {wanted, what}, context.config.contents.repositories_per_user_max, {"node", context.now()},
                            &job.lease);
  } catch (const storage::refused_change& e) {
    if (e.why().code != fault::conflict)
      return job_failed_for_good{e.what()};
    return done("followed already");
  }
  return done("followed");
}

} // namespace ingot
