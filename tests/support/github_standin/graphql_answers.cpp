#include "tests/support/github_standin/graphql_query.hpp"
#include "tests/support/github_standin/standin_request.hpp"

#include <algorithm>
#include <simdjson.h>
#include <stdexcept>

namespace ingot::testing {

namespace {

struct graphql_body {
  std::string query;
  std::map<std::string, std::string> variables;
};

graphql_body read_body(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view query;
  if (parser.parse(text).get(root) || root["query"].get(query))
    throw std::runtime_error{"the body is no JSON with a query"};
  graphql_body out{std::string{query}, {}};
  simdjson::dom::object variables;
  if (root["variables"].get(variables) == simdjson::SUCCESS)
    for (const auto& [name, value] : variables) {
      std::string_view string;
      out.variables[std::string{name}] = value.get(string) == simdjson::SUCCESS ? std::string{string} : simdjson::minify(value);
    }
  return out;
}

json graphql_errors(const std::string& type, const std::string& message) {
  return json::object({{"type", type}, {"message", message}});
}

/// What GitHub shows as text: UTF-8 as it is, and what is none read as Latin-1, so that it is not the blob's bytes any more.
std::string shown_text(const std::string& bytes) {
  if (http::valid_utf8(bytes) == bytes)
    return bytes;
  std::string out;
  for (const auto c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

json blob_json(const graphql_field& of, const std::string& id, const std::string& bytes, std::size_t text_max, bool& gives_text) {
  auto out = json::object({});
  const auto binary = bytes.substr(0, 8'000).find('\0') != std::string::npos;
  const auto cut = bytes.size() > text_max;
  const auto add = [&](const auto& self, const graphql_field& from) -> void {
    for (const auto& x : from.fields) {
      if (x.on == "Blob")
        self(self, x);
      else if (x.name == "text") {
        out.with(x.alias, binary ? json{} : json{shown_text(bytes).substr(0, text_max)});
        gives_text = gives_text || (!binary && !cut && http::valid_utf8(bytes) == bytes);
      } else if (x.name == "byteSize")
        out.with(x.alias, bytes.size());
      else if (x.name == "isBinary")
        out.with(x.alias, binary);
      else if (x.name == "isTruncated")
        out.with(x.alias, !binary && cut);
      else if (x.name == "oid")
        out.with(x.alias, id);
      else if (x.name == "__typename")
        out.with(x.alias, "Blob");
      else if (x.on.empty())
        throw std::runtime_error{"Field '" + x.name + "' doesn't exist on type 'Blob'"};
    }
  };
  add(add, of);
  return out;
}

/// A branch, or null: `name`, `target { oid }`.
json ref_json(const graphql_field& of, const git_reading& git, const std::string& branch) {
  const auto commit = git.commit_of("heads/" + branch);
  if (!commit)
    return json{nullptr};
  auto out = json::object({});
  for (const auto& x : of.fields) {
    if (x.name == "name")
      out.with(x.alias, branch);
    else if (x.name == "target")
      out.with(x.alias, json::object({{"oid", *commit}}));
    else
      throw std::runtime_error{"Field '" + x.name + "' doesn't exist on type 'Ref'"};
  }
  return out;
}

} // namespace

/// How repositories stand, and batches of blobs of one: `repository(owner, name) { a: object(oid: "…") { … on Blob { text … } }
/// }`.
web_answer standin_request::graphql() {
  endpoint_ = "/graphql";
  if (caller_.anonymous)
    return problem(401, "This endpoint requires you to be authenticated.");
  try {
    const auto body = read_body(request_.body);
    auto data = json::object({});
    std::vector<json> errors;
    for (const auto& field : parse_graphql(body.query, body.variables)) {
      if (field.name == "repository") {
        const auto argument = [&](const char* name) { return field.arguments.contains(name) ? field.arguments.at(name) : ""; };
        repository_ = {};
        if (auto refused = choose_repository({"repos", argument("owner"), argument("name")})) {
          const auto moved = refused->status == 301 || refused->status == 307;
          if (!moved) {
            errors.push_back(graphql_errors("NOT_FOUND", "Could not resolve to a Repository with the name '" + argument("owner") +
                                                             '/' + argument("name") + "'."));
            data.with(field.alias, nullptr);
            continue;
          }
          const auto lock = std::lock_guard{state_.mutex}; // GraphQL follows renames by itself
          auto former = false;
          repository_ = *state_.find(argument("owner"), argument("name"), former);
        }
        data.with(field.alias, graphql_repository(field));
      } else if (field.name == "rateLimit") {
        data.with(field.alias, graphql_rate_limit(field));
      } else {
        throw std::runtime_error{"Field '" + field.name + "' doesn't exist on type 'Query'"};
      }
    }
    auto out = json::object({{"data", data}});
    if (!errors.empty())
      out.with("errors", json::array(errors));
    return ok(out);
  } catch (const std::exception& e) {
    return ok(json::object({{"errors", json::array({json::object({{"message", e.what()}})})}}));
  }
}

json standin_request::graphql_repository(const graphql_field& of) {
  git_.emplace(repository_.path);
  std::size_t text_max = 0;
  {
    const auto lock = std::lock_guard{state_.mutex};
    text_max = state_.limits.graphql_text_max;
  }
  auto out = json::object({});
  for (const auto& x : of.fields) {
    if (x.name == "object" && x.arguments.contains("oid")) {
      const auto& id = x.arguments.at("oid");
      if (!git_->blob_size(id)) {
        out.with(x.alias, nullptr);
        continue;
      }
      auto gives_text = false;
      out.with(x.alias, blob_json(x, id, git_->blob(id), text_max, gives_text));
      if (gives_text)
        served_.push_back(id);
    } else if (x.name == "databaseId") {
      out.with(x.alias, repository_.id);
    } else if (x.name == "nameWithOwner") {
      out.with(x.alias, repository_.owner + '/' + repository_.name);
    } else if (x.name == "name") {
      out.with(x.alias, repository_.name);
    } else if (x.name == "owner") {
      out.with(x.alias, json::object({{"login", repository_.owner}}));
    } else if (x.name == "isPrivate") {
      out.with(x.alias, repository_.is_private);
    } else if (x.name == "isArchived") {
      out.with(x.alias, repository_.archived);
    } else if (x.name == "defaultBranchRef") {
      out.with(x.alias, ref_json(x, *git_, repository_.default_branch));
    } else if (x.name == "ref" && x.arguments.contains("qualifiedName")) {
      const auto& name = x.arguments.at("qualifiedName");
      out.with(x.alias, ref_json(x, *git_, name.starts_with("refs/heads/") ? name.substr(11) : name));
    } else {
      throw std::runtime_error{"Field '" + x.name + "' doesn't exist on type 'Repository'"};
    }
  }
  return out;
}

json standin_request::graphql_rate_limit(const graphql_field& of) {
  const auto lock = std::lock_guard{state_.mutex};
  const auto now = state_.budget.at(caller_.budget, "graphql");
  const auto limit = state_.budget.limit_of(caller_.budget, "graphql");
  auto out = json::object({});
  for (const auto& x : of.fields) {
    if (x.name == "cost" || x.name == "nodeCount")
      out.with(x.alias, 1);
    else if (x.name == "limit")
      out.with(x.alias, limit);
    else if (x.name == "remaining")
      out.with(x.alias, limit - std::min(now.used, limit));
    else if (x.name == "used")
      out.with(x.alias, now.used);
    else if (x.name == "resetAt")
      out.with(x.alias, time_text(now.reset));
    else
      throw std::runtime_error{"Field '" + x.name + "' doesn't exist on type 'RateLimit'"};
  }
  return out;
}

} // namespace ingot::testing
