#include "tests/support/github_standin/standin_web.hpp"

#include "model/base64.hpp"
#include "model/json_document.hpp"
#include "model/json_object.hpp"
#include "tests/support/github_standin/standin_request.hpp"
#include "tests/support/github_standin/subprocess.hpp"

#include <algorithm>
#include <stdexcept>

namespace ingot::testing {

namespace {

web_answer plain(unsigned status, const std::string& text) {
  web_answer out;
  out.status = status;
  out.content_type = "text/plain; charset=utf-8";
  out.body = text;
  return out;
}

/// git trusts repositories of other users only when it is told to.
std::vector<std::string> git_environment() {
  return {"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*", "GIT_CONFIG_NOSYSTEM=1", "HOME=/"};
}

std::string git_folder(const std::string& path) {
  auto out = output_of({{"git", "-C", path, "rev-parse", "--absolute-git-dir"}, git_environment()});
  while (!out.empty() && out.back() == '\n')
    out.pop_back();
  return out;
}

/// What a CGI program wrote (RFC 3875 section 6): its head, then the body.
web_answer cgi_answer(std::string text) {
  web_answer out;
  const auto end = text.find("\r\n\r\n");
  if (end == std::string::npos)
    return plain(500, "git http-backend gave no head");
  auto head = std::string_view{text}.substr(0, end);
  while (!head.empty()) {
    const auto line = head.substr(0, head.find("\r\n"));
    const auto colon = line.find(": ");
    const auto name = line.substr(0, colon), value = line.substr(std::min(colon + 2, line.size()));
    if (name == "Status")
      out.status = static_cast<unsigned>(std::stoul(std::string{value}));
    else if (name == "Content-Type")
      out.content_type = value;
    else
      out.headers.emplace_back(name, value);
    head.remove_prefix(std::min(line.size() + 2, head.size()));
  }
  out.body = text.substr(end + 4);
  return out;
}

} // namespace

std::optional<std::string> form_value(const std::string& form, const std::string& name) {
  for (auto rest = std::string_view{form}; !rest.empty();) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (pair.substr(0, pair.find('=')) != name || pair.find('=') == std::string_view::npos)
      continue;
    auto value = std::string{pair.substr(pair.find('=') + 1)};
    std::replace(value.begin(), value.end(), '+', ' ');
    return percent_decoded(value);
  }
  return std::nullopt;
}

standin_web::standin_web(github_standin& of, const web_request& request) : state_{*of.state_}, request_{request} {}

web_answer standin_web::answer() {
  const auto names = split_path(request_.path);
  if (names.size() >= 5 && names[0] == "codeload" && names[3] == "legacy.tar.gz")
    return archive(names);
  if (names.size() == 3 && names[0] == "login" && names[2] == "access_token" && request_.method == "POST")
    return oauth();
  if (names.size() == 6 && names[2] == "info" && names[3] == "lfs" && names[5] == "batch" && request_.method == "POST")
    return lfs_batch(names);
  if (names.size() == 3 && names[0] == "lfs")
    return lfs_object(names);
  if (names.size() >= 3 && names[1].ends_with(".git"))
    return git(names);
  return plain(404, "Not Found");
}

/// /codeload/{owner}/{repo}/legacy.tar.gz/{ref…}: what `git archive` makes, so .gitattributes have their say as at GitHub.
web_answer standin_web::archive(const std::vector<std::string>& names) {
  std::string path, ref, owner, name;
  std::optional<fault_kind> fault;
  fault_script script;
  std::size_t cut_at = 0;
  {
    const auto lock = std::lock_guard{state_.mutex};
    if (!request_["authorization"].empty())
      ++state_.counts.tokens_leaked;
    auto former = false;
    const auto* found = state_.find(names[1], names[2], former);
    const auto link = state_.tokens.find(request_.parameter("token").value_or(""));
    const auto allowed = link != state_.tokens.end() && link->second.expires_at && *link->second.expires_at > seconds_now();
    if (found == nullptr || found->deleted || (found->is_private && !allowed))
      return plain(404, "404: Not Found");
    ++state_.counts.tarballs;
    path = found->path;
    owner = found->owner;
    name = found->name;
    fault = state_.faults.draw(request_.path);
    script = state_.faults.script();
    cut_at = 1'000 + state_.faults.pick(20'000);
    if (fault)
      ++state_.counts.faults;
  }
  for (auto i = std::size_t{4}; i < names.size(); ++i)
    ref += (i == 4 ? "" : "/") + names[i];
  const auto commit = git_reading{path}.commit_of(ref);
  if (!commit)
    return plain(404, "404: Not Found");
  if (fault == fault_kind::server_error || fault == fault_kind::forbidden || fault == fault_kind::too_many)
    return plain(502, "Unicorn!"); // one without retry-after would be waited for a minute
  web_answer out;
  out.content_type = "application/x-gzip";
  const auto prefix = owner + '-' + name + '-' + commit->substr(0, 7);
  out.headers.emplace_back("content-disposition", "attachment; filename=" + prefix + ".tar.gz");
  out.headers.emplace_back("etag", "W/\"" + *commit + '"');
  out.stream = [=](const std::function<void(std::string_view)>& write) {
    const auto code = run(
        {{"git", "-C", path, "archive", "--format=tar.gz", "-1", "--prefix=" + prefix + '/', *commit}, git_environment()}, write);
    if (code != 0)
      throw std::runtime_error{"git archive failed"};
  };
  if (fault == fault_kind::cut)
    out.cut_after = cut_at;
  if (fault == fault_kind::reset)
    out.cut_after = 0;
  if (fault == fault_kind::stall)
    out.stall = script.stall;
  if (fault == fault_kind::silence)
    out.stall = script.silence;
  return out;
}

/// /{owner}/{repo}.git/…: upload-pack by `git http-backend`.
web_answer standin_web::git(const std::vector<std::string>& names) {
  std::string path;
  {
    const auto lock = std::lock_guard{state_.mutex};
    ++state_.counts.git_requests;
    auto former = false;
    const auto* found = state_.find(names[0], names[1].substr(0, names[1].size() - 4), former);
    const auto basic = request_["authorization"];
    const auto password = basic.starts_with("Basic ") ? from_base64(basic.substr(6)).value_or("") : std::string{};
    const auto token = state_.tokens.find(password.substr(std::min(password.find(':') + 1, password.size())));
    const auto allowed = token != state_.tokens.end() &&
                         (!token->second.repositories || (found != nullptr && token->second.repositories->contains(found->id)));
    if (found != nullptr && found->is_private && !allowed) {
      auto out = plain(401, "Repository not found.");
      out.headers.emplace_back("www-authenticate", "Basic realm=\"GitHub\"");
      return out;
    }
    if (found == nullptr || found->deleted)
      return plain(404, "Repository not found.");
    path = found->path;
  }
  std::string below;
  for (auto i = std::size_t{2}; i < names.size(); ++i)
    below += '/' + names[i];
  auto environment = git_environment();
  for (auto x :
       {std::string{"GIT_HTTP_EXPORT_ALL=1"}, "GIT_PROJECT_ROOT=" + git_folder(path), "PATH_INFO=" + below,
        "REQUEST_METHOD=" + request_.method, "QUERY_STRING=" + request_.query_text,
        "CONTENT_TYPE=" + std::string{request_["content-type"]}, "CONTENT_LENGTH=" + std::to_string(request_.body.size()),
        "HTTP_CONTENT_ENCODING=" + std::string{request_["content-encoding"]},
        "GIT_PROTOCOL=" + std::string{request_["git-protocol"]}, std::string{"REMOTE_ADDR=127.0.0.1"}})
    environment.push_back(std::move(x));
  return cgi_answer(output_of({{"git", "http-backend"}, environment, request_.body}));
}

/// POST /{owner}/{repo}.git/info/lfs/objects/batch: where each object can be had, with a header that opens it.
web_answer standin_web::lfs_batch(const std::vector<std::string>& names) {
  auto document = json_document{};
  if (document.parse(request_.body) || request_["content-type"] != "application/vnd.git-lfs+json")
    return plain(422, "no question");
  const auto lock = std::lock_guard{state_.mutex};
  ++state_.counts.lfs_questions;
  auto former = false;
  const auto* found = state_.find(names[0], names[1].substr(0, names[1].size() - 4), former);
  const auto basic = request_["authorization"];
  const auto password = basic.starts_with("Basic ") ? from_base64(basic.substr(6)).value_or("") : std::string{};
  if (found == nullptr || !state_.tokens.contains(password.substr(std::min(password.find(':') + 1, password.size()))))
    return plain(404, "Not Found");
  const auto& objects = state_.lfs_objects[found->id];
  auto answers = std::vector<std::string>{};
  for (const auto& each : document.root()["objects"].get_array()) {
    const auto oid = std::string{each["oid"].get_string().value()};
    const auto object = objects.find(oid);
    const auto size =
        object == objects.end() ? each["size"].get_int64().value() : static_cast<std::int64_t>(object->second.size());
    auto answer = json_object{}.add("oid", oid).add("size", size);
    if (object == objects.end())
      answer.add_raw("error", R"({"code":404,"message":"Object does not exist"})");
    else
      answer.add_raw("actions", R"({"download":{"href":"http://)" + std::string{request_["host"]} + "/lfs/" +
                                    std::to_string(found->id) + '/' + oid + R"(","header":{"Authorization":"RemoteAuth )" + oid +
                                    R"("},"expires_in":3600}})");
    answers.push_back(answer.text());
  }
  web_answer out;
  out.content_type = "application/vnd.git-lfs+json";
  out.body = json_object{}.add("transfer", "basic").add_raw("objects", json_array(answers)).text();
  return out;
}

/// /lfs/{repository}/{oid}: an object's bytes, for whoever shows what the batch gave.
web_answer standin_web::lfs_object(const std::vector<std::string>& names) {
  const auto lock = std::lock_guard{state_.mutex};
  if (request_["authorization"] != "RemoteAuth " + names[2]) {
    ++state_.counts.tokens_leaked;
    return plain(403, "Forbidden");
  }
  ++state_.counts.lfs_objects;
  web_answer out;
  out.content_type = "application/octet-stream";
  out.body = state_.lfs_objects[std::stoll(names[1])][names[2]];
  return out;
}

/// POST /login/oauth/access_token: refreshes a user token, or makes one for a code.
web_answer standin_web::oauth() {
  const auto value = [&](const char* name) { return form_value(request_.body, name).value_or(""); };
  const auto refusal = [](const char* code) {
    web_answer out; // 200, as GitHub has it
    out.body = json::object({{"error", code}, {"error_description", "refused"}, {"error_uri", "https://docs.github.com"}}).text;
    return out;
  };
  const auto lock = std::lock_guard{state_.mutex};
  if (value("client_id") != state_.app.client_id || value("client_secret") != state_.app.client_secret)
    return refusal("incorrect_client_credentials");
  const auto refresh = value("grant_type") == "refresh_token";
  auto& known = refresh ? state_.refresh_tokens : state_.oauth_codes;
  const auto found = known.find(value(refresh ? "refresh_token" : "code"));
  if (found == known.end())
    return refusal(refresh ? "bad_refresh_token" : "bad_verification_code");
  const auto of = found->second;
  known.erase(found); // once
  if (refresh)
    ++state_.counts.refreshes;
  return oauth_answer(of);
}

/// Under the lock.
web_answer standin_web::oauth_answer(const hosted_token& of) {
  const auto access = state_.new_token("ghu_"), refresh = state_.new_token("ghr_");
  auto kept = of;
  kept.expires_at = seconds_now() + state_.limits.user_token_seconds;
  state_.tokens[access] = kept;
  state_.refresh_tokens[refresh] = of;
  web_answer out;
  if (request_["accept"].find("json") == std::string_view::npos) {
    out.content_type = "application/x-www-form-urlencoded; charset=utf-8";
    out.body = "access_token=" + access + "&expires_in=" + std::to_string(state_.limits.user_token_seconds) +
               "&refresh_token=" + refresh + "&refresh_token_expires_in=15811200&scope=&token_type=bearer";
    return out;
  }
  out.body = json::object({{"access_token", access},
                           {"expires_in", state_.limits.user_token_seconds},
                           {"refresh_token", refresh},
                           {"refresh_token_expires_in", 15'811'200},
                           {"scope", ""},
                           {"token_type", "bearer"}})
                 .text;
  return out;
}

} // namespace ingot::testing
