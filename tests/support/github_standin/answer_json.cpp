#include "tests/support/github_standin/answer_json.hpp"

#include "model/base64.hpp"
#include "model/time.hpp"

#include <algorithm>
#include <array>

namespace ingot::testing {

namespace {

json person_json(const commit_facts::person& x) {
  return json::object({{"name", x.name}, {"email", x.email}, {"date", x.date}});
}

json permissions_json() {
  return json::object({{"contents", "read"}, {"metadata", "read"}});
}

/// The URLs below a repository's own that GitHub lists in each one.
constexpr auto repository_urls = std::array<std::pair<std::string_view, std::string_view>, 36>{
    {{"archive_url", "/{archive_format}{/ref}"},
     {"assignees_url", "/assignees{/user}"},
     {"blobs_url", "/git/blobs{/sha}"},
     {"branches_url", "/branches{/branch}"},
     {"collaborators_url", "/collaborators{/collaborator}"},
     {"comments_url", "/comments{/number}"},
     {"commits_url", "/commits{/sha}"},
     {"compare_url", "/compare/{base}...{head}"},
     {"contents_url", "/contents/{+path}"},
     {"contributors_url", "/contributors"},
     {"deployments_url", "/deployments"},
     {"downloads_url", "/downloads"},
     {"events_url", "/events"},
     {"forks_url", "/forks"},
     {"git_commits_url", "/git/commits{/sha}"},
     {"git_refs_url", "/git/refs{/sha}"},
     {"git_tags_url", "/git/tags{/sha}"},
     {"hooks_url", "/hooks"},
     {"issue_comment_url", "/issues/comments{/number}"},
     {"issue_events_url", "/issues/events{/number}"},
     {"issues_url", "/issues{/number}"},
     {"keys_url", "/keys{/key_id}"},
     {"labels_url", "/labels{/name}"},
     {"languages_url", "/languages"},
     {"merges_url", "/merges"},
     {"milestones_url", "/milestones{/number}"},
     {"notifications_url", "/notifications{?since,all,participating}"},
     {"pulls_url", "/pulls{/number}"},
     {"releases_url", "/releases{/id}"},
     {"stargazers_url", "/stargazers"},
     {"statuses_url", "/statuses/{sha}"},
     {"subscribers_url", "/subscribers"},
     {"subscription_url", "/subscription"},
     {"tags_url", "/tags"},
     {"teams_url", "/teams"},
     {"trees_url", "/git/trees{/sha}"}}};

void add_counts_and_switches(json& to) {
  for (const auto* name :
       {"forks", "forks_count", "open_issues", "open_issues_count", "stargazers_count", "watchers", "watchers_count"})
    to.with(name, 0);
  for (const auto* name : {"has_issues", "has_projects", "has_wiki", "has_downloads"})
    to.with(name, true);
  for (const auto* name : {"has_pages", "has_discussions", "is_template"})
    to.with(name, false);
}

} // namespace

std::string node_id_of(const std::string& text) {
  return to_base64(text);
}

std::string time_text(std::int64_t seconds_since_1970) {
  return to_rfc3339(timestamp{std::chrono::seconds{seconds_since_1970}});
}

std::int64_t owner_id_of(const std::string& login) {
  auto out = std::int64_t{7};
  for (const auto c : login)
    out = (out * 131 + static_cast<unsigned char>(c)) % 1'000'000'007;
  return out;
}

std::string broken_base64(std::string_view bytes) {
  const auto whole = to_base64(bytes);
  std::string out;
  for (auto i = std::size_t{0}; i < whole.size(); i += 60)
    out += whole.substr(i, 60) + '\n';
  return out;
}

json answer_json::user(const std::string& login, std::int64_t id, const std::string& type) const {
  const auto base = api + "/users/" + login;
  return json::object({{"login", login},
                       {"id", id},
                       {"node_id", node_id_of("User" + std::to_string(id))},
                       {"avatar_url", web + "/avatars/u/" + std::to_string(id) + "?v=4"},
                       {"gravatar_id", ""},
                       {"url", base},
                       {"html_url", web + '/' + login},
                       {"followers_url", base + "/followers"},
                       {"following_url", base + "/following{/other_user}"},
                       {"gists_url", base + "/gists{/gist_id}"},
                       {"starred_url", base + "/starred{/owner}{/repo}"},
                       {"subscriptions_url", base + "/subscriptions"},
                       {"organizations_url", base + "/orgs"},
                       {"repos_url", base + "/repos"},
                       {"events_url", base + "/events{/privacy}"},
                       {"received_events_url", base + "/received_events"},
                       {"type", type},
                       {"site_admin", false}});
}

json answer_json::repository(const hosted_repository& x, bool full) const {
  auto out = json::object({{"id", x.id},
                           {"node_id", node_id_of("Repository" + std::to_string(x.id))},
                           {"name", x.name},
                           {"full_name", x.owner + '/' + x.name},
                           {"private", x.is_private},
                           {"owner", user(x.owner, owner_id_of(x.owner), "Organization")},
                           {"html_url", web_of(x)},
                           {"description", nullptr},
                           {"fork", false},
                           {"url", api_of(x)},
                           {"created_at", "2020-01-01T00:00:00Z"},
                           {"updated_at", "2020-01-02T00:00:00Z"},
                           {"pushed_at", "2020-01-03T00:00:00Z"},
                           {"git_url", "git://github.example/" + x.owner + '/' + x.name + ".git"},
                           {"ssh_url", "git@github.example:" + x.owner + '/' + x.name + ".git"},
                           {"clone_url", web_of(x) + ".git"},
                           {"svn_url", web_of(x)},
                           {"homepage", nullptr},
                           {"size", 108},
                           {"language", nullptr},
                           {"mirror_url", nullptr},
                           {"archived", x.archived},
                           {"disabled", x.disabled},
                           {"license", nullptr},
                           {"topics", json::array({})},
                           {"visibility", x.is_private ? "private" : "public"},
                           {"web_commit_signoff_required", false},
                           {"default_branch", x.default_branch}});
  for (const auto& [name, path] : repository_urls)
    out.with(name, api_of(x) + std::string{path});
  add_counts_and_switches(out);
  out.with("permissions", json::object({{"admin", false}, {"push", false}, {"pull", true}}));
  if (full)
    out.with("network_count", 0).with("subscribers_count", 0).with("temp_clone_token", nullptr);
  return out;
}

json answer_json::commit(const hosted_repository& of, const commit_facts& x) const {
  const auto url = api_of(of) + "/commits/" + x.id;
  std::vector<json> parents;
  for (const auto& each : x.parents)
    parents.push_back(
        json::object({{"sha", each}, {"url", api_of(of) + "/commits/" + each}, {"html_url", web_of(of) + "/commit/" + each}}));
  const auto verification = json::object(
      {{"verified", false}, {"reason", "unsigned"}, {"signature", nullptr}, {"payload", nullptr}, {"verified_at", nullptr}});
  return json::object(
      {{"sha", x.id},
       {"node_id", node_id_of("Commit" + x.id)},
       {"commit", json::object({{"author", person_json(x.author)},
                                {"committer", person_json(x.committer)},
                                {"message", x.message},
                                {"tree", json::object({{"sha", x.tree}, {"url", api_of(of) + "/git/trees/" + x.tree}})},
                                {"url", api_of(of) + "/git/commits/" + x.id},
                                {"comment_count", 0},
                                {"verification", verification}})},
       {"url", url},
       {"html_url", web_of(of) + "/commit/" + x.id},
       {"comments_url", url + "/comments"},
       {"author", nullptr},
       {"committer", nullptr},
       {"parents", json::array(parents)}});
}

json answer_json::change(const hosted_repository& of, const std::string& commit, const file_change& x) const {
  auto out = json::object({{"sha", x.id},
                           {"filename", x.path},
                           {"status", x.status},
                           {"additions", x.additions},
                           {"deletions", x.deletions},
                           {"changes", x.additions + x.deletions},
                           {"blob_url", web_of(of) + "/blob/" + commit + '/' + x.path},
                           {"raw_url", web_of(of) + "/raw/" + commit + '/' + x.path},
                           {"contents_url", api_of(of) + "/contents/" + x.path + "?ref=" + commit}});
  if (!x.previous_path.empty())
    out.with("previous_filename", x.previous_path);
  return out;
}

json answer_json::comparison(const hosted_repository& of, const std::string& base, const std::string& head,
                             const comparison_facts& x, std::size_t from, std::size_t count, bool with_files) const {
  std::vector<json> commits, files;
  for (auto i = from; i < std::min(from + count, x.commits.size()); ++i)
    commits.push_back(commit(of, x.commits[i]));
  for (const auto& each : x.files)
    files.push_back(change(of, head, each));
  const auto* status = x.ahead > 0 ? (x.behind > 0 ? "diverged" : "ahead") : x.behind > 0 ? "behind" : "identical";
  const auto range = base + "..." + head;
  auto out = json::object({{"url", api_of(of) + "/compare/" + range},
                           {"html_url", web_of(of) + "/compare/" + range},
                           {"permalink_url", web_of(of) + "/compare/" + range},
                           {"diff_url", web_of(of) + "/compare/" + range + ".diff"},
                           {"patch_url", web_of(of) + "/compare/" + range + ".patch"},
                           {"base_commit", commit(of, x.base)},
                           {"merge_base_commit", commit(of, x.merge_base)},
                           {"status", status},
                           {"ahead_by", x.ahead},
                           {"behind_by", x.behind},
                           {"total_commits", x.commits.size()},
                           {"commits", json::array(commits)}});
  if (with_files)
    out.with("files", json::array(files));
  return out;
}

json answer_json::tree_line_of(const hosted_repository& of, const tree_line& x) const {
  auto out = json::object({{"path", x.path}, {"mode", x.mode}, {"type", x.type}, {"sha", x.id}});
  if (x.type == "blob")
    out.with("size", x.size);
  if (x.type != "commit")
    out.with("url", api_of(of) + "/git/" + x.type + "s/" + x.id);
  return out;
}

json answer_json::content(const hosted_repository& of, const std::string& ref, const tree_line& x) const {
  const auto self = api_of(of) + "/contents/" + x.path + "?ref=" + ref;
  const auto folder = x.type == "tree", module = x.type == "commit";
  const auto* type = folder ? "dir" : module ? "submodule" : x.mode == "120000" ? "symlink" : "file";
  const auto git = module ? json{} : json{api_of(of) + (folder ? "/git/trees/" : "/git/blobs/") + x.id};
  const auto html = web_of(of) + (folder ? "/tree/" : "/blob/") + ref + '/' + x.path;
  const auto slash = x.path.rfind('/');
  const auto raw = folder || module ? json{} : json{web_of(of) + "/raw/" + ref + '/' + x.path};
  return json::object({{"name", slash == std::string::npos ? x.path : x.path.substr(slash + 1)},
                       {"path", x.path},
                       {"sha", x.id},
                       {"size", x.size},
                       {"url", self},
                       {"html_url", html},
                       {"git_url", git},
                       {"download_url", raw},
                       {"type", type},
                       {"_links", json::object({{"self", self}, {"git", git}, {"html", html}})}});
}

json answer_json::installation(const hosted_installation& x, const hosted_app& app) const {
  return json::object({{"id", x.id},
                       {"account", user(x.account, x.account_id, x.account_type)},
                       {"repository_selection", x.repositories ? "selected" : "all"},
                       {"access_tokens_url", api + "/app/installations/" + std::to_string(x.id) + "/access_tokens"},
                       {"repositories_url", api + "/installation/repositories"},
                       {"html_url", web + "/organizations/" + x.account + "/settings/installations/" + std::to_string(x.id)},
                       {"app_id", app.id},
                       {"app_slug", app.slug},
                       {"target_id", x.account_id},
                       {"target_type", x.account_type},
                       {"permissions", permissions_json()},
                       {"events", json::array({"push"})},
                       {"created_at", "2020-01-01T00:00:00Z"},
                       {"updated_at", "2020-01-01T00:00:00Z"},
                       {"single_file_name", nullptr},
                       {"suspended_by", nullptr},
                       {"suspended_at", x.suspended ? json{"2020-02-01T00:00:00Z"} : json{}}});
}

json answer_json::app(const hosted_app& x) const {
  return json::object({{"id", x.id},
                       {"slug", x.slug},
                       {"client_id", x.client_id},
                       {"node_id", node_id_of("App" + std::to_string(x.id))},
                       {"owner", user("app-owner", 2, "Organization")},
                       {"name", x.name},
                       {"description", nullptr},
                       {"external_url", "https://app.example"},
                       {"html_url", web + "/apps/" + x.slug},
                       {"created_at", "2020-01-01T00:00:00Z"},
                       {"updated_at", "2020-01-01T00:00:00Z"},
                       {"permissions", permissions_json()},
                       {"events", json::array({"push"})}});
}

json answer_json::delivery(const hosted_delivery& x) const {
  const auto id_or_null = [](std::int64_t id) { return id != 0 ? json{id} : json{}; };
  return json::object({{"id", x.id},
                       {"guid", x.guid},
                       {"delivered_at", time_text(x.delivered_at)},
                       {"redelivery", x.redelivery},
                       {"duration", 0.27},
                       {"status", x.status},
                       {"status_code", x.status_code},
                       {"event", x.event},
                       {"action", x.action.empty() ? json{} : json{x.action}},
                       {"installation_id", id_or_null(x.installation_id)},
                       {"repository_id", id_or_null(x.repository_id)},
                       {"throttled_at", nullptr}});
}

} // namespace ingot::testing
