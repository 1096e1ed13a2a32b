#include "net/routes/provider_repositories.hpp"

#include "model/contents/provider.hpp"
#include "model/json_object.hpp"
#include "net/bridge.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/repository_json.hpp"
#include "net/routes/user_caller.hpp"
#include "storage/provider_repositories.hpp"
#include "storage/refused_change.hpp"

#include <limits>
#include <memory>
#include <utility>

namespace ingot::routes {

namespace {

constexpr auto id_max = std::numeric_limits<std::int64_t>::max();

contents::repository_rules rules_of(const services& what) {
  const auto& of = what.context->config.contents;
  return {static_cast<std::int64_t>(of.file_bytes_max), of.git_local_paths};
}

storage::operator_action action_of(const services& what, const user_request& x) {
  return {x.caller.is_admin() ? "admin" : "user " + x.caller.user_id, what.context->now(), x.request.head.request_id};
}

/// What a parser gave, or its refusal thrown.
template <class Parsed>
Parsed good(std::variant<Parsed, failure> x) {
  if (auto* why = std::get_if<failure>(&x))
    throw storage::refused_change{std::move(*why)};
  return std::get<Parsed>(std::move(x));
}

void wake_jobs(const services& what) {
  if (const auto handles = what.context->handles.load())
    bridge::tell(handles->jobs, hint_atom_v);
}

const char* place_name(const contents::new_repository& x) {
  return x.provider == "git" ? "/url" : "/name";
}

/// It is not there, or may not be seen: nobody is told which.
failure unseen(const contents::new_repository& x) {
  return {fault::invalid_fields,
          x.provider == "git" ? "there is no such repository, or it may not be read"
                              : "there is no such repository, or this credential may not see it; a private one needs the "
                                "installation of our GitHub App, or a token",
          {{place_name(x), "expected: a repository that can be seen"}}};
}

failure failure_of(const contents::provider_error& e, const contents::new_repository& x) {
  using contents::trouble;
  switch (e.kind()) {
  case trouble::gone:
    return unseen(x);
  case trouble::forbidden:
    return {fault::invalid_fields, e.what(), {{x.credential_id == 0 ? place_name(x) : "/credentialId", "is refused"}}};
  case trouble::permanent:
    return {fault::invalid_fields, e.what(), {{place_name(x), "cannot be followed"}}};
  case trouble::rate_limited:
    return {fault::rate_limited, e.what(), {}};
  case trouble::transient:
    break;
  }
  return {fault::upstream_failed, e.what(), {}};
}

/// Asks the provider. Blocks. Throws contents::provider_error, or storage::refused_change.
contents::description describe(const node_context& context, const std::string& user_id, const contents::new_repository& x) {
  const auto provider = context.providers.find(x.provider);
  if (provider == context.providers.end())
    throw storage::refused_change{{fault::not_configured, "this node follows no repositories of " + x.provider, {}}};
  const auto remote =
      provider->second->open({x.provider, x.owner, x.name, x.url, 0, x.branch, x.credential_id}, contents::urgency::manual);
  const auto seen = remote->observe({});
  auto out = seen.what.value_or(contents::description{0, x.owner, x.name, x.branch.empty() ? seen.at.branch : "", false, false});
  // What the node's own token may see is not for everybody.
  if (out.is_private && x.credential_id == 0 && !user_id.empty())
    throw storage::refused_change{unseen(x)};
  if (seen.state == contents::observation::head::absent && !x.branch.empty())
    throw storage::refused_change{
        {fault::invalid_fields, "there is no branch " + x.branch, {{"/branch", "expected: a branch that is there"}}}};
  return out;
}

/// One addition on its way.
struct addition {
  user_request_ptr asked;
  contents::new_repository wanted;
  std::shared_ptr<void> place; ///< among those that are looked up
};
using addition_ptr = std::shared_ptr<addition>;

void refuse(const addition& x, const failure& why, const std::optional<timestamp>& retry_at = {}, timestamp now = {}) {
  auto answer = http::refusal(why, x.asked->request.head.request_id);
  if (retry_at) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(*retry_at - now).count();
    http::set_field(answer, "retry-after", std::to_string(std::max<std::int64_t>(wait, 1)));
  }
  x.asked->done(std::move(answer));
}

void insert(const services& what, const addition_ptr& x, const contents::description& found) {
  bridge::run_query(*what.context,
                    {[&what, x, found](storage::connection& db) {
                       const auto& by = x->asked->caller;
                       const auto added = storage::add_repository(db, by.user_id, {x->wanted, found},
                                                                  what.context->config.contents.repositories_per_user_max,
                                                                  action_of(what, *x->asked));
                       auto answer = json_response(to_json(added.row), 201);
                       answer.fields.emplace_back("location", "/api/v1/repositories/" + std::to_string(added.row.id));
                       wake_jobs(what);
                       x->asked->done(std::move(answer));
                     },
                     [x](const failure& why) { refuse(*x, why); }, false});
}

void look_up(const services& what, const addition_ptr& x) {
  bridge::in_background(what.system, [&what, x] {
    try {
      const auto found = describe(*what.context, x->asked->caller.user_id, x->wanted);
      x->place.reset();
      insert(what, x, found);
    } catch (const contents::provider_error& e) {
      refuse(*x, failure_of(e, x->wanted), e.retry_at(), what.context->now());
    } catch (const storage::refused_change& e) {
      refuse(*x, e.why());
    } catch (const std::exception&) {
      refuse(*x, {fault::internal, "the repository could not be looked up", {}});
    }
  });
}

/// A place among those that may be looked up at a time; null: there is none free.
std::shared_ptr<void> take_place(const services& what) {
  auto& busy = *what.lookups;
  if (busy.fetch_add(1) >= lookups_max) {
    busy.fetch_sub(1);
    return nullptr;
  }
  return {&busy, [of = what.lookups](void*) { of->fetch_sub(1); }};
}

} // namespace

void follow_repository(const services& what, http::request req, path_parameters none, http::responder done) {
  with_user(what, std::move(req), std::move(none), std::move(done), [&what](const user_request_ptr& asked) {
    auto wanted = good(contents::parse_new_repository(asked->request.body, rules_of(what)));
    auto place = take_place(what);
    if (!place)
      return asked->done(http::refusal({fault::overloaded, "as many repositories as may be are being looked up", {}},
                                       asked->request.head.request_id));
    const auto x = std::make_shared<addition>(addition{asked, std::move(wanted), std::move(place)});
    if (x->wanted.provider != "github")
      return look_up(what, x);
    bridge::run_query(*what.context, {[&what, x](storage::connection& db) {
                                        auto& of = x->wanted;
                                        of.credential_id =
                                            storage::choose_credential(db, x->asked->caller.user_id, of.owner, of.credential_id);
                                        look_up(what, x);
                                      },
                                      [x](const failure& why) { refuse(*x, why); }});
  });
}

void list_followed(const services& what, http::request req, path_parameters none, http::responder done) {
  answer_user_by_reading(what, std::move(req), std::move(none), std::move(done), [](auto& db, const user_request& x) {
    const auto query = query_parameters{x.request.head.query, {"limit", "after"}};
    const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
    return json_response(
        page_json(storage::list_repositories(db, x.caller.user_id, query.integer("after", 0, id_max, 0), limit + 1), limit));
  });
}

void show_followed(const services& what, http::request req, path_parameters id, http::responder done) {
  answer_user_by_reading(what, std::move(req), std::move(id), std::move(done), [](auto& db, const user_request& x) {
    return json_response(to_json(storage::find_repository(db, x.caller.user_id, id_in_path(x.parameters.front()))));
  });
}

void change_followed(const services& what, http::request req, path_parameters id, http::responder done) {
  answer_user_by_changing(what, std::move(req), std::move(id), std::move(done), [&what](auto& db, const user_request& x) {
    const auto change = good(contents::parse_repository_change(x.request.body, rules_of(what)));
    auto answer = json_response(
        to_json(storage::change_repository(db, x.caller.user_id, id_in_path(x.parameters.front()), change, action_of(what, x))));
    wake_jobs(what);
    return answer;
  });
}

void unfollow_repository(const services& what, http::request req, path_parameters id, http::responder done) {
  answer_user_by_changing(what, std::move(req), std::move(id), std::move(done), [&what](auto& db, const user_request& x) {
    return json_response(
        to_json(storage::remove_repository(db, x.caller.user_id, id_in_path(x.parameters.front()), action_of(what, x))));
  });
}

void sync_followed(const services& what, http::request req, path_parameters id, http::responder done) {
  answer_user_by_changing(what, std::move(req), std::move(id), std::move(done), [&what](auto& db, const user_request& x) {
    const auto full = good(contents::parse_sync_request(x.request.body));
    const auto of = id_in_path(x.parameters.front());
    const auto job = storage::request_sync(db, x.caller.user_id, of, full, action_of(what, x));
    wake_jobs(what);
    auto answer = json_response(json_object{}.add("repositoryId", of).add("jobId", std::to_string(job)).text(), 202);
    answer.fields.emplace_back("location", "/api/v1/repositories/" + std::to_string(of) + "/syncs");
    return answer;
  });
}

void list_followed_syncs(const services& what, http::request req, path_parameters id, http::responder done) {
  answer_user_by_reading(what, std::move(req), std::move(id), std::move(done), [](auto& db, const user_request& x) {
    const auto query = query_parameters{x.request.head.query, {"limit", "after"}};
    const auto limit = static_cast<unsigned>(query.integer("limit", 1, page_max, page_default));
    const auto of = storage::find_repository(db, x.caller.user_id, id_in_path(x.parameters.front()));
    return json_response(
        page_json(storage::list_content_syncs(db, of.id, query.integer("after", 1, id_max, id_max), limit + 1), limit));
  });
}

} // namespace ingot::routes
