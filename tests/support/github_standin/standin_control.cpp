#include "tests/support/github_standin/standin_control.hpp"

#include "tests/support/github_standin/standin_request.hpp"

#include <simdjson.h>
#include <stdexcept>

namespace ingot::testing {

namespace {

/// The body, whose members are read with what counts in their absence.
class body_reader {
public:
  explicit body_reader(const std::string& text) {
    if (parser_.parse(text).get(root_) != simdjson::SUCCESS)
      throw std::runtime_error{"the body is no JSON"};
  }
  std::string text(const char* name, const std::string& otherwise = {}) const {
    std::string_view out;
    return root_[name].get(out) == simdjson::SUCCESS ? std::string{out} : otherwise;
  }
  std::int64_t number(const char* name, std::int64_t otherwise = 0) const {
    std::int64_t out = 0;
    return root_[name].get(out) == simdjson::SUCCESS ? out : otherwise;
  }
  double real(const char* name) const {
    double out = 0;
    return root_[name].get(out) == simdjson::SUCCESS ? out : 0;
  }
  bool flag(const char* name, bool otherwise = false) const {
    bool out = false;
    return root_[name].get(out) == simdjson::SUCCESS ? out : otherwise;
  }
  std::vector<std::string> texts(const char* name) const {
    std::vector<std::string> out;
    simdjson::dom::array items;
    if (root_[name].get(items) == simdjson::SUCCESS)
      for (const auto item : items)
        out.emplace_back(std::string_view{item});
    return out;
  }

private:
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

web_answer answer_of(const json& body, unsigned status = 200) {
  web_answer out;
  out.status = status;
  out.body = body.text;
  return out;
}

json with_id(std::int64_t id) {
  return json::object({{"id", id}});
}

fault_script faults_of(const body_reader& body) {
  fault_script out;
  out.seed = static_cast<std::uint64_t>(body.number("seed", 1));
  out.rate = body.real("rate");
  out.match = body.text("match");
  out.count_max = static_cast<std::uint64_t>(body.number("count_max", INT64_MAX));
  for (const auto& name : body.texts("kinds")) {
    const auto kind = fault_kind_of(name);
    if (!kind)
      throw std::runtime_error{"no kind of fault is named " + name};
    out.kinds.push_back(*kind);
  }
  return out;
}

budget_rules budget_of(const body_reader& body) {
  budget_rules out;
  out.core = body.number("core", out.core);
  out.graphql = body.number("graphql", out.graphql);
  out.anonymous = body.number("anonymous", out.anonymous);
  out.window_seconds = body.number("window_seconds", out.window_seconds);
  out.points_per_minute = static_cast<std::size_t>(body.number("points_per_minute", 900));
  out.at_once = static_cast<std::size_t>(body.number("at_once", 100));
  return out;
}

} // namespace

web_answer standin_control::answer() {
  try {
    const auto names = split_path(request_.path);
    if (names.size() == 2 && names[1] == "counts") {
      if (request_.method == "DELETE")
        of_.reset_counts();
      return answer_of(counts());
    }
    if (names.size() == 3 && names[1] == "repositories" && request_.method == "PATCH")
      return change(std::stoll(names[2]));
    if (names.size() == 2 && request_.method == "POST")
      return post(names[1]);
  } catch (const std::exception& e) {
    return answer_of(json::object({{"message", e.what()}}), 422);
  }
  return answer_of(json::object({{"message", "no such control"}}), 404);
}

web_answer standin_control::change(std::int64_t id) {
  const body_reader body{request_.body};
  const auto before = of_.repository(id);
  const auto owner = body.text("owner", before.owner), name = body.text("name", before.name);
  if (owner != before.owner || name != before.name)
    of_.rename(id, owner, name);
  of_.change(id, [&](hosted_repository& x) {
    x.is_private = body.flag("private", x.is_private);
    x.archived = body.flag("archived", x.archived);
    x.deleted = body.flag("deleted", x.deleted);
    x.taken_down = body.flag("taken_down", x.taken_down);
    x.default_branch = body.text("default_branch", x.default_branch);
  });
  return answer_of(with_id(id));
}

web_answer standin_control::post(const std::string& what) {
  const body_reader body{request_.body};
  if (what == "repositories") {
    hosted_repository x;
    x.owner = body.text("owner");
    x.name = body.text("name");
    x.path = body.text("path");
    x.default_branch = body.text("default_branch", "main");
    x.is_private = body.flag("private");
    return answer_of(with_id(of_.add(std::move(x))), 201);
  }
  if (what == "deliveries") {
    hosted_delivery x;
    x.hook = body.text("hook");
    x.guid = body.text("guid");
    x.event = body.text("event");
    x.action = body.text("action");
    x.status = body.text("status", "OK");
    x.status_code = static_cast<int>(body.number("status_code", 200));
    return answer_of(with_id(of_.add(std::move(x))), 201);
  }
  if (what == "tokens") {
    hosted_token x;
    x.login = body.text("login", "somebody");
    x.user_id = body.number("user_id", 1);
    of_.add_token(body.text("token"), std::move(x));
  } else if (what == "apps") {
    of_.set_app({body.number("id"), body.text("client_id"), body.text("client_secret"), body.text("slug"), body.text("name"),
                 body.text("public_key")});
  } else if (what == "installations") {
    hosted_installation x;
    x.id = body.number("id");
    x.account = body.text("account");
    x.suspended = body.flag("suspended");
    of_.add(std::move(x));
  } else if (what == "faults") {
    of_.set_faults(faults_of(body));
  } else if (what == "budget") {
    of_.set_budget(budget_of(body));
  } else {
    return answer_of(json::object({{"message", "no such control"}}), 404);
  }
  return answer_of(json::object({}));
}

json standin_control::counts() const {
  const auto x = of_.counts();
  auto endpoints = json::object({}), blobs = json::object({});
  for (const auto& [name, each] : x.endpoints)
    endpoints.with(name,
                   json::object({{"requests", each.requests}, {"not_modified", each.not_modified}, {"errors", each.errors}}));
  auto served = std::uint64_t{0};
  for (const auto& [id, times] : x.blobs) {
    blobs.with(id, times);
    served += times;
  }
  return json::object({{"requests", x.requests},
                       {"metered", x.metered},
                       {"not_modified", x.not_modified},
                       {"tarballs", x.tarballs},
                       {"git_requests", x.git_requests},
                       {"faults", x.faults},
                       {"over_primary", x.over_primary},
                       {"over_secondary", x.over_secondary},
                       {"tokens_leaked", x.tokens_leaked},
                       {"without_user_agent", x.without_user_agent},
                       {"bad_credentials", x.bad_credentials},
                       {"installation_tokens", x.installation_tokens},
                       {"refreshes", x.refreshes},
                       {"at_once_max", x.at_once_max},
                       {"bytes", x.bytes},
                       {"blobs_served", served},
                       {"endpoints", endpoints},
                       {"blobs", blobs}});
}

} // namespace ingot::testing
