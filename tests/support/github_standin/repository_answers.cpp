#include "tests/support/github_standin/standin_request.hpp"

#include <algorithm>

namespace ingot::testing {

namespace {

std::string joined(const std::vector<std::string>& names, std::size_t from) {
  std::string out;
  for (auto i = from; i < names.size(); ++i)
    out += (i == from ? "" : "/") + names[i];
  return out;
}

bool is_id(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::int64_t number_of(const std::string& text) {
  return !text.empty() && text.size() < 18 && text.find_first_not_of("0123456789") == std::string::npos ? std::stoll(text) : 0;
}

} // namespace

bool standin_request::may_see(const hosted_repository& x) const {
  if (!x.is_private)
    return true;
  if (caller_.anonymous || caller_.is_app)
    return false;
  return !caller_.token.repositories || caller_.token.repositories->contains(x.id);
}

/// @returns the answer when there is nothing to be read: 301, 307, 404, 451
std::optional<web_answer> standin_request::choose_repository(const segments& names) {
  const auto lock = std::lock_guard{state_.mutex};
  auto former = false;
  const auto* found = names[0] == "repositories" ? state_.find(number_of(names[1])) : state_.find(names[1], names[2], former);
  if (found == nullptr || found->deleted || !may_see(*found))
    return problem(404, "Not Found");
  if (found->taken_down) {
    auto out = problem(451, "Repository access blocked");
    out.body = json::object({{"message", "Repository access blocked"},
                             {"block", json::object({{"reason", "dmca"}, {"created_at", "2020-01-01T00:00:00Z"}})}})
                   .text;
    return out;
  }
  if (former) {
    auto url = state_.make.api + "/repositories/" + std::to_string(found->id);
    auto below = std::string_view{request_.path};
    for (auto i = 0; i < 3; ++i) // past /repos/{owner}/{repo}
      below.remove_prefix(std::min(below.find('/', 1), below.size()));
    url += below;
    if (!request_.query_text.empty())
      url += '?' + request_.query_text;
    auto out = problem(request_.method == "GET" || request_.method == "HEAD" ? 301 : 307, "Moved Permanently");
    out.body =
        json::object({{"message", "Moved Permanently"}, {"url", url}, {"documentation_url", "https://docs.github.com/rest"}})
            .text;
    out.headers.emplace_back("location", url);
    return out;
  }
  repository_ = *found;
  return std::nullopt;
}

web_answer standin_request::repository_route(const segments& names, std::size_t rest_from) {
  const auto rest = segments(names.begin() + static_cast<std::ptrdiff_t>(rest_from), names.end());
  endpoint_ = "/repos/…";
  const auto kind = rest.empty() ? std::string{} : rest[0] == "git" && rest.size() > 1 ? "git/" + rest[1] : rest[0];
  endpoint_ += kind.empty() ? "" : '/' + kind;
  if (auto other = choose_repository(names))
    return std::move(*other);
  if (rest.empty()) {
    const auto body = state_.make.repository(repository_, true);
    return with_etag(ok(body), body.text);
  }
  if (kind == "installation" && caller_.is_app) {
    const auto lock = std::lock_guard{state_.mutex};
    for (const auto& [id, x] : state_.installations)
      if (x.account == repository_.owner && (!x.repositories || x.repositories->contains(repository_.id)))
        return ok(state_.make.installation(x, state_.app));
    return problem(404, "Not Found");
  }
  if (kind == "hooks" && rest.size() >= 3 && rest[2] == "deliveries") {
    const auto hook = repository_.owner + '/' + repository_.name + '/' + rest[1];
    return rest.size() == 5 && rest[4] == "attempts" ? redeliver(hook, number_of(rest[3])) : deliveries(hook);
  }
  if (kind == "pulls" && rest.size() == 3 && rest[2] == "files")
    return pull_files(rest[1]);
  if (kind == "commits" || kind == "branches" || kind == "compare" || kind == "contents" || kind == "tarball" ||
      kind.starts_with("git/"))
    return contents_of_git(rest);
  return problem(404, "Not Found");
}

web_answer standin_request::contents_of_git(const segments& rest) {
  git_.emplace(repository_.path);
  if (git_->empty())
    return rest[0] == "contents" ? problem(404, "This repository is empty.") : problem(409, "Git Repository is empty.");
  if (rest[0] == "commits")
    return commit(joined(rest, 1));
  if (rest[0] == "branches")
    return branch(joined(rest, 1));
  if (rest[0] == "compare")
    return compare(joined(rest, 1));
  if (rest[0] == "contents")
    return contents(joined(rest, 1));
  if (rest[0] == "tarball")
    return tarball(joined(rest, 1));
  if (rest[1] == "trees")
    return tree(joined(rest, 2));
  if (rest[1] == "blobs")
    return blob(joined(rest, 2));
  if (rest[1] == "commits")
    return git_commit(joined(rest, 2));
  return problem(404, "Not Found");
}

web_answer standin_request::commit(const std::string& ref) {
  const auto id = git_->commit_of(ref == "HEAD" ? "refs/heads/" + repository_.default_branch : ref);
  if (!id)
    return problem(422, "No commit found for SHA: " + ref);
  if (request_["accept"].find("sha") != std::string_view::npos) {
    // The only ETag that is no secret of GitHub's: the id itself, whoever asks.
    web_answer out;
    out.content_type = "application/vnd.github.sha; charset=utf-8";
    out.body = *id;
    out.headers.emplace_back("etag", '"' + *id + '"');
    return out;
  }
  const auto facts = git_->commit(*id);
  web_answer out = with_etag({}, std::to_string(repository_.id) + " commit " + *id + ' ' + request_.query_text);
  const auto changes = git_->changes_of(*id, 3'000);
  auto body = state_.make.commit(repository_, facts);
  std::vector<json> files;
  auto added = std::int64_t{0}, deleted = std::int64_t{0};
  const auto shown = page(changes.size(), out, 300);
  for (auto i = shown.from; i < shown.to; ++i)
    files.push_back(state_.make.change(repository_, *id, changes[i]));
  for (const auto& x : changes) {
    added += x.additions;
    deleted += x.deletions;
  }
  body.with("stats", json::object({{"total", added + deleted}, {"additions", added}, {"deletions", deleted}}));
  body.with("files", json::array(files));
  out.body = body.text;
  return out;
}

web_answer standin_request::branch(const std::string& name) {
  const auto id = git_->commit_of("refs/heads/" + name);
  if (!id)
    return problem(404, "Branch not found");
  const auto self = state_.make.api_of(repository_) + "/branches/" + name;
  auto body =
      json::object({{"name", name},
                    {"commit", state_.make.commit(repository_, git_->commit(*id))},
                    {"_links", json::object({{"self", self}, {"html", state_.make.web_of(repository_) + "/tree/" + name}})},
                    {"protected", false},
                    {"protection", json::object({{"enabled", false}})},
                    {"protection_url", self + "/protection"}});
  return with_etag(ok(body), std::to_string(repository_.id) + " branch " + *id);
}

web_answer standin_request::git_commit(const std::string& id) {
  if (!is_id(id) || git_->commit_of(id) != id)
    return problem(404, "Not Found");
  const auto x = git_->commit(id);
  std::vector<json> parents;
  for (const auto& each : x.parents)
    parents.push_back(json::object({{"sha", each},
                                    {"url", state_.make.api_of(repository_) + "/git/commits/" + each},
                                    {"html_url", state_.make.web_of(repository_) + "/commit/" + each}}));
  const auto person = [](const commit_facts::person& of) {
    return json::object({{"name", of.name}, {"email", of.email}, {"date", of.date}});
  };
  const auto body =
      json::object({{"sha", id},
                    {"node_id", node_id_of("Commit" + id)},
                    {"url", state_.make.api_of(repository_) + "/git/commits/" + id},
                    {"html_url", state_.make.web_of(repository_) + "/commit/" + id},
                    {"author", person(x.author)},
                    {"committer", person(x.committer)},
                    {"tree", json::object({{"sha", x.tree}, {"url", state_.make.api_of(repository_) + "/git/trees/" + x.tree}})},
                    {"message", x.message},
                    {"parents", json::array(parents)},
                    {"verification", json::object({{"verified", false},
                                                   {"reason", "unsigned"},
                                                   {"signature", nullptr},
                                                   {"payload", nullptr},
                                                   {"verified_at", nullptr}})}});
  return with_etag(ok(body), body.text);
}

web_answer standin_request::tree(const std::string& name) {
  const auto id = git_->tree_of(name);
  if (!id)
    return problem(404, "Not Found");
  standin_limits limits;
  {
    const auto lock = std::lock_guard{state_.mutex};
    limits = state_.limits;
  }
  std::vector<tree_line> lines;
  auto whole = git_->tree(*id, request_.parameter("recursive").has_value(), limits.tree_entries_max, lines);
  std::string items = "[";
  for (const auto& x : lines) {
    auto text = state_.make.tree_line_of(repository_, x).text;
    if (items.size() + text.size() > limits.tree_bytes_max) {
      whole = false;
      break;
    }
    items += (items.size() > 1 ? "," : "") + text;
  }
  items += ']';
  auto body = json::object({{"sha", *id}, {"url", state_.make.api_of(repository_) + "/git/trees/" + *id}});
  body.text.pop_back();
  body.text += ",\"tree\":" + items + ",\"truncated\":" + (whole ? "false" : "true") + '}';
  return with_etag(ok(body), "tree " + *id + ' ' + request_.query_text);
}

bool standin_request::wants_raw() const {
  const auto accept = request_["accept"];
  return accept.find("vnd.github") != std::string_view::npos && accept.find("raw") != std::string_view::npos;
}

web_answer standin_request::raw(const std::string& id, std::uint64_t) {
  web_answer out;
  out.content_type = "application/vnd.github.raw; charset=utf-8";
  out.body = git_->blob(id);
  served_.push_back(id);
  return out;
}

web_answer standin_request::blob(const std::string& id) {
  const auto size = is_id(id) ? git_->blob_size(id) : std::nullopt;
  if (!size)
    return problem(404, "Not Found");
  {
    const auto lock = std::lock_guard{state_.mutex};
    if (*size > state_.limits.blob_bytes_max)
      return problem(403, "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API.");
  }
  if (wants_raw())
    return with_etag(raw(id, *size), "blob " + id);
  const auto body = json::object({{"sha", id},
                                  {"node_id", node_id_of("Blob" + id)},
                                  {"size", *size},
                                  {"url", state_.make.api_of(repository_) + "/git/blobs/" + id},
                                  {"content", broken_base64(git_->blob(id))},
                                  {"encoding", "base64"}});
  served_.push_back(id);
  return with_etag(ok(body), "blob " + id);
}

web_answer standin_request::compare(const std::string& basehead) {
  const auto dots = basehead.find("...");
  if (dots == std::string::npos)
    return problem(404, "Not Found");
  const auto base = git_->commit_of(basehead.substr(0, dots)), head = git_->commit_of(basehead.substr(dots + 3));
  if (!base || !head)
    return problem(404, "Not Found");
  standin_limits limits;
  {
    const auto lock = std::lock_guard{state_.mutex};
    limits = state_.limits;
  }
  const auto found = git_->compare(*base, *head, limits.compare_files_max);
  if (!found)
    return problem(404, "No common ancestor between " + basehead.substr(0, dots) + " and " + basehead.substr(dots + 3) + '.');
  web_answer out;
  const auto paged = request_.parameter("page").has_value() || request_.parameter("per_page").has_value();
  auto shown = page(found->commits.size(), out, limits.compare_commits_max);
  if (!paged) { // the oldest commits that are shown; the last of them is the head
    shown.to = found->commits.size();
    shown.from = shown.to - std::min(shown.to, limits.compare_commits_max);
    out.headers.clear();
  }
  const auto first = request_.parameter("page").value_or("1") == "1";
  out.body = state_.make.comparison(repository_, *base, *head, *found, shown.from, shown.to - shown.from, first).text;
  return with_etag(std::move(out), "compare " + *base + *head + request_.query_text);
}

web_answer standin_request::contents(const std::string& path) {
  const auto ref = request_.parameter("ref").value_or(repository_.default_branch);
  const auto id = git_->commit_of(ref);
  if (!id)
    return problem(404, "No commit found for the ref " + ref);
  const auto found = git_->at(*id, path);
  if (!found)
    return problem(404, "Not Found");
  if (found->type == "tree")
    return folder(*id, *found, ref);
  auto body = state_.make.content(repository_, ref, *found);
  if (found->type == "commit")
    return with_etag(ok(body.with("submodule_git_url", "git://github.example/some/module.git")), body.text);
  standin_limits limits;
  {
    const auto lock = std::lock_guard{state_.mutex};
    limits = state_.limits;
  }
  if (found->size > limits.blob_bytes_max)
    return problem(403, "This API returns blobs up to 100 MB in size.");
  if (wants_raw())
    return with_etag(raw(found->id, found->size), "content " + found->id);
  if (found->mode == "120000")
    return with_etag(ok(body.with("target", git_->blob(found->id))), body.text);
  const auto given = found->size <= limits.contents_bytes_max;
  body.with("content", given ? broken_base64(git_->blob(found->id)) : "").with("encoding", given ? "base64" : "none");
  if (given)
    served_.push_back(found->id);
  return with_etag(ok(body), body.text);
}

/// At most 1,000 entries of a directory.
web_answer standin_request::folder(const std::string& commit, const tree_line& at, const std::string& ref) {
  std::vector<tree_line> lines;
  git_->tree(at.id, false, 1'000, lines);
  std::vector<json> items;
  for (auto& x : lines) {
    x.path = (at.path.empty() ? "" : at.path + '/') + x.path;
    items.push_back(state_.make.content(repository_, ref, x));
  }
  return with_etag(ok(json::array(items)), "folder " + commit + at.path);
}

/// To codeload, which is another host.
web_answer standin_request::tarball(const std::string& ref) {
  const auto wanted = ref.empty() ? repository_.default_branch : ref;
  if (!git_->commit_of(wanted))
    return problem(404, "Not Found");
  web_answer out;
  out.status = 302;
  out.content_type = "text/html;charset=utf-8";
  auto url = state_.make.web + "/codeload/" + repository_.owner + '/' + repository_.name + "/legacy.tar.gz/" + wanted;
  const auto lock = std::lock_guard{state_.mutex};
  if (repository_.is_private) {
    const auto link = state_.new_token("link_");
    auto of = caller_.token;
    of.expires_at = seconds_now() + 300;
    state_.tokens[link] = of;
    url += "?token=" + link;
  }
  out.headers.emplace_back("location", url);
  return out;
}

web_answer standin_request::pull_files(const std::string& number) {
  const auto found = repository_.pulls.find(number_of(number));
  if (found == repository_.pulls.end())
    return problem(404, "Not Found");
  std::size_t files_max = 0;
  {
    const auto lock = std::lock_guard{state_.mutex};
    files_max = state_.limits.pull_files_max;
  }
  web_answer out;
  const auto shown = page(std::min(found->second.size(), files_max), out);
  std::vector<json> items;
  for (auto i = shown.from; i < shown.to; ++i) {
    const auto& x = found->second[i];
    items.push_back(state_.make.change(repository_, "head", {x.path, x.previous_path, x.status, x.id, x.additions, x.deletions}));
  }
  out.body = json::array(items).text;
  const auto text = out.body;
  return with_etag(std::move(out), text);
}

} // namespace ingot::testing
