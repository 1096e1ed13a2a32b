#include "net/routes/submissions.hpp"

#include "model/email_address.hpp"
#include "model/json_object.hpp"
#include "model/mcp/manifest.hpp"
#include "net/bridge.hpp"
#include "net/routes/credentials.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/submission_json.hpp"
#include "net/routes/submission_links.hpp"
#include "net/routes/user_caller.hpp"
#include "storage/refused_change.hpp"

#include <utility>

namespace ingot::routes {

namespace {

using mcp::submission_action;
using mcp::submission_link;
using mcp::submission_role;

/// What a request comes to. @param user whose key it carries; empty: none
using submission_work = std::function<http::response(storage::connection&, const http::request&, const std::string& user)>;

/// What a parser gave, or its refusal thrown.
template <class Parsed>
Parsed good(std::variant<Parsed, failure> x) {
  if (auto* why = std::get_if<failure>(&x))
    throw storage::refused_change{std::move(*why)};
  return std::get<Parsed>(std::move(x));
}

/// Finds out whose key a request carries, if any, and lets a READER run `work`.
void answer(bool repeatable, const services& what, http::request req, path_parameters parameters, http::responder done,
            submission_work wanted) {
  auto work = submission_work{
      [&what, wanted = std::move(wanted)](storage::connection& db, const http::request& asked, const std::string& user) {
        return refusing(what, asked, [&] { return wanted(db, asked, user); });
      }};
  if (presented_key(req.head).empty()) {
    const auto run = [work = std::move(work)](storage::connection& db, const http::request& asked) {
      return work(db, asked, {});
    };
    return repeatable ? answer_by_reading(what, std::move(req), std::move(done), run)
                      : answer_by_changing(what, std::move(req), std::move(done), run);
  }
  const auto run = [work = std::move(work)](storage::connection& db, const user_request& x) {
    if (x.caller.user_id.empty())
      throw storage::refused_change{
          {fault::bad_parameter, "the admin token must name the user who submits", {{"userId", "expected: a user's id"}}}};
    return work(db, x.request, x.caller.user_id);
  };
  repeatable ? answer_user_by_reading(what, std::move(req), std::move(parameters), std::move(done), run)
             : answer_user_by_changing(what, std::move(req), std::move(parameters), std::move(done), run);
}

void wake_jobs(const services& what) {
  if (const auto handles = what.context->handles.load())
    bridge::tell(handles->jobs, hint_atom_v);
}

/// One that the caller may see: its own user, or who holds its token.
storage::submission_record own_submission(const services& what, storage::connection& db, const std::string& in_path,
                                          const http::request& asked, const std::string& user) {
  const auto id = id_in_path(in_path);
  const auto query = query_parameters{asked.head.query, {"token"}};
  const auto header = asked.head["x-submission-token"];
  const auto token = header.empty() ? query.text("token") : std::string{header};
  const auto found = storage::find_submission(db, id);
  const auto is_theirs = found && found->by.kind == "user" && !user.empty() && found->by.name == user;
  if (!found || !(is_theirs || is_good_token(what, token, submission_link::status, id)))
    throw storage::refused_change{{fault::not_found,
                                   "there is no submission " + in_path + " that you may see",
                                   {{"token", "expected: the token of its answer, or the key of its submitter"}}}};
  return *found;
}

std::string actor_of(const storage::submission_record& x) {
  return x.by.kind == "user" ? "user " + x.by.name : "submitter of " + std::to_string(x.id);
}

std::string own_json(const storage::submission_record& x) {
  return to_json(x, submission_reader::submitter);
}

/// Is it on the GitHub that this node asks?
bool is_ours(const services& what, const mcp::repository_page& page) {
  return what.context->config.github_api.web_url == "https://" + page.host;
}

mcp::judged_manifest judged(const services& what, std::string text, const std::optional<mcp::repository_page>& found_in) {
  auto out = mcp::judge_submitted_manifest(*what.context->manifests, std::move(text), found_in);
  if (out.server_name.empty())
    throw storage::refused_change{{fault::invalid_fields,
                                   "this manifest names no server: POST /api/v1/manifests/validate says what else it lacks",
                                   {{"/manifest", "expected: JSON with a `name`"}}}};
  return out;
}

/// The repository that a manifest names, where it is one that this node could follow.
std::optional<mcp::repository_page> repository_in(const services& what, const std::string& manifest) {
  const auto read = mcp::read_manifest(std::string_view{manifest});
  auto page = read && read->repository ? mcp::parse_repository_page(read->repository->url) : std::nullopt;
  return page && is_ours(what, *page) ? page : std::nullopt;
}

void refuse_other_host(const services& what, const std::optional<mcp::repository_page>& page) {
  if (page && !is_ours(what, *page))
    throw storage::refused_change{{fault::invalid_fields,
                                   "this node follows repositories on " + what.context->config.github_api.web_url,
                                   {{"/repository", "expected: a repository there, not on " + page->host}}}};
}

storage::submission_draft draft_of(const services& what, mcp::new_submission x, const std::string& user) {
  const auto& config = what.context->config;
  if (user.empty() && x.email.empty())
    throw storage::refused_change{{fault::unauthorized,
                                   "who submits? Send the API key of a user, or your e-mail address",
                                   {{"/email", "expected without a key"}}}};
  if (user.empty() && (config.smtp.url.empty() || config.smtp.from.empty() || config.submissions.public_url.empty()))
    throw storage::refused_change{
        {fault::not_configured, "this node sends no mail, so a submission needs the API key of a user", {}}};
  refuse_other_host(what, x.repository);
  auto out = storage::submission_draft{};
  out.by = user.empty() ? storage::submitter{"email", email_address_key(x.email)} : storage::submitter{"user", user};
  out.email = x.email;
  out.repository = x.repository || x.manifest.empty() ? x.repository : repository_in(what, x.manifest);
  if (!x.manifest.empty())
    out.manifest = judged(what, std::move(x.manifest), out.repository);
  out.note = x.note;
  return out;
}

http::response created(const services& what, const storage::submission_record& x) {
  const auto path = "/api/v1/submissions/" + std::to_string(x.id);
  const auto token = submission_token(what, submission_link::status, x.id);
  auto links = json_object{};
  links.add("token", token).add("status_url", what.context->config.submissions.public_url + path + "?token=" + token);
  auto body = links.text();
  body.back() = ',';
  auto out = json_response(body + own_json(x).substr(1), 201); // the members of both
  out.fields = {{"location", path}, {"cache-control", "no-store"}};
  return out;
}

} // namespace

void submit_server(const services& what, http::request req, path_parameters parameters, http::responder done) {
  answer(false, what, std::move(req), std::move(parameters), std::move(done),
         [&what](storage::connection& db, const http::request& asked, const std::string& user) {
           const auto draft = draft_of(what, good(mcp::parse_new_submission(asked.body)), user);
           const auto who = user.empty() ? "remote " + asked.head.remote_address : "user " + user;
           const auto made = storage::add_submission(db, draft, submission_rules_of(what.context->config),
                                                     {who, what.context->now(), asked.head.request_id});
           wake_jobs(what);
           return created(what, made);
         });
}

void show_submission(const services& what, http::request req, path_parameters parameters, http::responder done) {
  const auto id = parameters.front();
  answer(true, what, std::move(req), std::move(parameters), std::move(done),
         [&what, id](storage::connection& db, const http::request& asked, const std::string& user) {
           auto out = json_response(own_json(own_submission(what, db, id, asked, user)));
           out.fields.emplace_back("cache-control", "no-store");
           return out;
         });
}

void revise_submission(const services& what, http::request req, path_parameters parameters, http::responder done) {
  const auto id = parameters.front();
  answer(false, what, std::move(req), std::move(parameters), std::move(done),
         [&what, id](storage::connection& db, const http::request& asked, const std::string& user) {
           const auto known = own_submission(what, db, id, asked, user);
           auto change = good(mcp::parse_submission_change(asked.body));
           refuse_other_host(what, change.repository);
           auto to = storage::submission_revision{change.repository, {}, std::move(change.note)};
           auto page = change.repository ? change.repository : mcp::parse_repository_page(known.repository_url);
           if (!page && change.manifest)
             page = to.repository = repository_in(what, *change.manifest);
           if (change.manifest)
             to.manifest = judged(what, std::move(*change.manifest), page);
           const auto actor = actor_of(known);
           const auto now = storage::revise_submission(
               db, {known.id, {submission_action::revise, submission_role::submitter, actor, ""}, known.version}, to,
               submission_rules_of(what.context->config), {actor, what.context->now(), asked.head.request_id});
           wake_jobs(what);
           return json_response(own_json(now));
         });
}

void withdraw_submission(const services& what, http::request req, path_parameters parameters, http::responder done) {
  const auto id = parameters.front();
  answer(false, what, std::move(req), std::move(parameters), std::move(done),
         [&what, id](storage::connection& db, const http::request& asked, const std::string& user) {
           const auto known = own_submission(what, db, id, asked, user);
           const auto actor = actor_of(known);
           const auto now = storage::move_submission(
               db, {known.id, {submission_action::withdraw, submission_role::submitter, actor, ""}, known.version},
               submission_rules_of(what.context->config), {actor, what.context->now(), asked.head.request_id});
           wake_jobs(what);
           return json_response(own_json(now));
         });
}

} // namespace ingot::routes
