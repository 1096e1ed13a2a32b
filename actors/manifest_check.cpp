#include "actors/manifest_check.hpp"

#include "model/json_object.hpp"
#include "model/json_text.hpp"
#include "model/json_write.hpp"
#include "model/mcp/check_order.hpp"
#include "model/mcp/manifest_places.hpp"
#include "model/mcp/manifest_validator.hpp"
#include "model/mcp/readme.hpp"
#include "model/word_list.hpp"
#include "net/github/api.hpp"
#include "storage/manifest_checks.hpp"

#include <algorithm>
#include <set>

namespace ingot {

namespace {

using contents::provider_error;
using contents::trouble;
using storage::file_finding;
using storage::found_file;

/// What is kept of a README beside its text.
std::string facts_json(const mcp::readme_facts& x) {
  auto headings = std::vector<std::string>{}, snippets = std::vector<std::string>{}, links = std::vector<std::string>{},
       images = std::vector<std::string>{}, languages = std::vector<std::string>{};
  for (const auto& each : x.headings)
    headings.push_back(json_object{}.add("level", each.level).add("text", each.text).text());
  for (const auto& each : x.snippets)
    snippets.push_back(
        json_object{}.add("kind", to_string(each.kind)).add("language", each.language).add("text", each.text).text());
  for (const auto& each : x.links)
    links.push_back(json_object{}.add("text", each.text).add("url", each.url).text());
  for (const auto& each : x.images)
    images.push_back(json_object{}.add("alt", each.alt).add("url", each.url).add("badge", each.badge).text());
  for (const auto& each : x.languages)
    append_json_string(languages.emplace_back(), each);
  return json_object{}
      .add("title", x.title)
      .add("summary", x.summary)
      .add("licence", x.licence)
      .add("truncated", x.truncated)
      .add_raw("headings", json_array(headings))
      .add_raw("snippets", json_array(snippets))
      .add_raw("links", json_array(links))
      .add_raw("images", json_array(images))
      .add_raw("languages", json_array(languages))
      .text();
}

/// One look at one repository.
class manifest_look {
public:
  manifest_look(const claimed_job& job, const node_context& context, mcp::check_order order, storage::check_subject subject)
      : job_(job), context_(context), order_(order), subject_(std::move(subject)),
        places_(subject_.places.empty() ? words_in(context.config.mcp.manifest_paths) : subject_.places),
        api_(*context.github, *context.tokens, *context.permits,
             {subject_.where.credential_id, false, order.how, subject_.where.owner + '/' + subject_.where.name}) {}

  job_outcome run(storage::connection& db) {
    const auto asked_at = context_.now();
    listed_ = storage::list_manifest_candidates(db, subject_.id, places_.paths(), places_.has_patterns());
    const auto* why = subject_.is_private             ? "the repository is private"
                      : subject_.state == "gone"      ? "the repository is gone"
                      : subject_.state == "forbidden" ? "the repository may be read no more"
                                                      : nullptr;
    auto found = why != nullptr                ? storage::manifest_findings{all_gone(why), {}}
                 : is_followed_at_its_branch() ? look()
                                               : storage::manifest_findings{at_other_branch(), {}};
    const auto files = found.files.size();
    const auto counts = storage::store_manifest_check(db, job_.lease, subject_, order_.how, std::move(found), asked_at);
    return job_succeeded{json_object{}
                             .add("outcome", "looked")
                             .add("files", files)
                             .add("listed", counts.listed)
                             .add("updated", counts.updated)
                             .add("refused", counts.refused)
                             .add("deleted", counts.deleted)
                             .add("requests", api_.cost().requests)
                             .add("not_modified", api_.cost().not_modified)
                             .text()};
  }

private:
  const storage::known_file* known(std::string_view path) const {
    const auto at = std::find_if(subject_.known.begin(), subject_.known.end(), [&](const auto& x) { return x.path == path; });
    return at == subject_.known.end() ? nullptr : &*at;
  }

  /// Where something is, was, or may be: of a repository whose files are all known, no other path is asked for.
  std::vector<std::string> manifests() const {
    auto out = std::set<std::string>{};
    for (const auto& x : listed_)
      if (places_.takes(x.path))
        out.insert(x.path);
    for (const auto& x : subject_.known)
      if (x.kind == "manifest" && (order_.full || (x.state != "missing" && x.state != "moved")))
        out.insert(x.path);
    if (!subject_.complete)
      out.insert(places_.paths().begin(), places_.paths().end());
    auto list = std::vector<std::string>{out.begin(), out.end()};
    list.resize(std::min(list.size(), mcp::manifest_places::manifests_max));
    return list;
  }

  std::vector<std::string> readmes() const {
    auto out = std::vector<std::string>{};
    for (const auto& x : listed_)
      if (mcp::is_readme(x.path))
        out.push_back(x.path);
    if (out.empty() && !subject_.complete)
      out.emplace_back("README.md");
    return out;
  }

  storage::manifest_findings look() {
    auto out = std::vector<found_file>{};
    auto anything_lost = false;
    for (const auto& path : manifests()) {
      auto x = fetch(path, "manifest");
      if (!x)
        continue; // as it was
      judge(*x);
      const auto* before = known(path);
      anything_lost = anything_lost || (x->finding == file_finding::missing && before != nullptr && !before->server_name.empty());
      if (x->finding != file_finding::missing || before != nullptr)
        out.push_back(std::move(*x));
    }
    if (anything_lost && repository_is_gone())
      return {all_gone("the repository is gone"), {}};
    auto readmes = attach_readmes(out);
    return {std::move(out), std::move(readmes)};
  }

  /// A file as it is now; nothing when it is as it was found the last time.
  std::optional<found_file> fetch(const std::string& path, const char* kind, bool anew = false) {
    const auto* before = known(path);
    auto out = found_file{};
    out.path = path;
    out.kind = kind;
    const auto is_settled = before != nullptr && before->settled;
    try {
      auto got = api_.contents(subject_.where.external_id, path, reference(),
                               is_settled && !anew && !order_.full ? before->etag : std::string{});
      if (!got.value)
        return std::nullopt;
      out.etag = got.etag;
      out.sha = got.value->id.hex();
      if (got.value->type != "file") {
        out.finding = file_finding::not_a_file;
        out.reason = "expected a file, and a " + (got.value->type.empty() ? "folder" : got.value->type) + " is there";
      } else if (got.value->size > mcp::manifest_validator::text_bytes_max || !got.value->text) {
        out.finding = file_finding::too_large;
        out.reason = "it has " + std::to_string(got.value->size) + " bytes, more than " +
                     std::to_string(mcp::manifest_validator::text_bytes_max);
      } else if (const auto bad = find_bad_utf8(*got.value->text); bad != std::string_view::npos) {
        out.finding = file_finding::not_utf8;
        out.reason = "byte " + std::to_string(bad) + " is no UTF-8";
      } else if (got.value->text->find('\0') != std::string::npos) {
        out.finding = file_finding::not_utf8;
        out.reason = "it holds a NUL, so it is no text";
      } else {
        texts_[path] = std::move(*got.value->text);
      }
    } catch (const provider_error& e) {
      if (e.kind() != trouble::gone)
        throw;
      out.finding = file_finding::missing;
      out.reason = "nothing is there any more";
    }
    return out;
  }

  /// Of a text that could be read: what kind of manifest it is.
  void judge(found_file& x) {
    const auto text = texts_.find(x.path);
    if (text == texts_.end())
      return;
    const auto report =
        context_.manifests->validate(text->second, mcp::manifest_origin{subject_.where.owner, subject_.where.name});
    x.report = to_json(report);
    if (!report.valid) {
      x.finding = report.is_json ? file_finding::invalid : file_finding::not_json;
      x.reason = report.problems.front().pointer + ": " + report.problems.front().message;
      return;
    }
    auto what = mcp::read_manifest(text->second);
    if (!what)
      return;
    auto& it = x.publication.emplace();
    it.what = std::move(*what);
    it.text = text->second;
    it.sha = x.sha;
    it.path = x.path;
    it.repository_id = subject_.id;
    it.repository_url = "https://github.com/" + subject_.where.owner + '/' + subject_.where.name;
    it.observed_at = context_.now();
  }

  /// Every manifest has the README of its folder, or the root's; each is fetched once. A manifest that is new to the list needs
  /// it even when it is known. Where there is none, the server has none any more.
  std::vector<storage::readme_news> attach_readmes(std::vector<found_file>& found) {
    const auto all = readmes();
    auto news = std::vector<storage::readme_news>{};
    const auto found_at = [&](const std::string& path) {
      return std::find_if(found.begin(), found.end(), [&](const found_file& x) { return x.path == path; });
    };
    const auto readme_for = [&](const std::string& path, bool anew) -> std::optional<storage::server_readme> {
      const auto readme = std::string{mcp::readme_of(path, all)};
      if (readme.empty())
        return subject_.complete ? std::optional<storage::server_readme>{std::in_place} : std::nullopt;
      if (found_at(readme) == found.end() && (anew || !asked_.contains(readme))) {
        asked_.insert(readme);
        if (auto x = fetch(readme, "readme", anew))
          found.push_back(std::move(*x));
      }
      if (const auto at = found_at(readme); at != found.end() && at->finding == file_finding::missing)
        return storage::server_readme{};
      const auto text = texts_.find(readme);
      return text == texts_.end() ? std::nullopt : std::optional{readme_from(readme, found_at(readme)->sha, text->second)};
    };
    for (auto i = std::size_t{0}; i < found.size(); ++i) { // grows by READMEs
      if (!found[i].publication)
        continue;
      const auto* before = known(found[i].path);
      const auto is_new = before == nullptr || before->server_name != found[i].publication->what.name;
      auto readme = readme_for(found[i].path, is_new);
      found[i].publication->readme = std::move(readme);
    }
    for (const auto& x : subject_.known)
      if (x.kind == "manifest" && x.state == "listed" && found_at(x.path) == found.end())
        if (auto readme = readme_for(x.path, false))
          news.push_back({x.server_name, std::move(*readme)});
    return news;
  }

  storage::server_readme readme_from(const std::string& path, const std::string& sha, const std::string& text) const {
    const auto repository = subject_.where.owner + '/' + subject_.where.name;
    const auto folder = std::string{mcp::folder_of(path)};
    const auto facts = mcp::read_readme(text, {"https://github.com/" + repository + "/blob/HEAD/",
                                               "https://raw.githubusercontent.com/" + repository + "/HEAD/",
                                               folder.empty() ? folder : folder + '/'});
    return {path, sha, text, facts.sanitized_html, facts_json(facts)};
  }

  /// 404 tells a file that is gone, and a repository: one more request tells which.
  bool repository_is_gone() {
    try {
      api_.repository(subject_.where.external_id);
      return false;
    } catch (const provider_error& e) {
      if (e.kind() != trouble::gone)
        throw;
      return true;
    }
  }

  std::vector<found_file> all_gone(const char* why) const {
    auto out = std::vector<found_file>{};
    for (const auto& x : subject_.known) {
      auto& lost = out.emplace_back();
      lost.path = x.path;
      lost.kind = x.kind;
      lost.finding = file_finding::missing;
      lost.reason = why;
    }
    return out;
  }

  /// A branch's own name may be a tag's, too.
  std::string reference() const { return subject_.where.branch.empty() ? std::string{} : "refs/heads/" + subject_.where.branch; }

  /// Whoever follows a repository chooses the branch; what is published from it, its owner does.
  bool is_followed_at_its_branch() const {
    return subject_.where.branch.empty() || subject_.where.branch == subject_.default_branch;
  }

  std::vector<found_file> at_other_branch() const {
    auto paths = std::set<std::string>{};
    for (const auto& x : listed_)
      if (places_.takes(x.path) && paths.size() < mcp::manifest_places::manifests_max)
        paths.insert(x.path);
    for (const auto& x : subject_.known)
      if (x.kind == "manifest")
        paths.insert(x.path);
    auto out = std::vector<found_file>{};
    for (const auto& path : paths) {
      auto& x = out.emplace_back();
      x.path = path;
      x.kind = "manifest";
      x.finding = file_finding::other_branch;
      x.reason =
          "the branch " + subject_.where.branch + " is followed; servers are listed from the repository's default branch alone";
    }
    return out;
  }

  const claimed_job& job_;
  const node_context& context_;
  mcp::check_order order_;
  storage::check_subject subject_;
  mcp::manifest_places places_;
  github::api_session api_;
  std::vector<storage::listed_path> listed_;
  std::map<std::string, std::string> texts_; ///< of files that could be read, by path
  std::set<std::string> asked_;              ///< READMEs
};

} // namespace

job_outcome check_manifests(const claimed_job& job, const node_context& context) {
  const auto order = mcp::parse_check_order(job.payload);
  if (const auto* why = std::get_if<failure>(&order))
    return job_failed_for_good{"its payload is no order of a look at manifests: " + why->message};
  const auto db = context.open_connection();
  auto subject = storage::load_check_subject(*db, std::get<mcp::check_order>(order).repository_id);
  const auto not_looked = [](const char* why) { return job_succeeded{json_object{}.add("outcome", why).text()}; };
  if (!subject || subject->state == "removed" || subject->state == "suspended")
    return not_looked("not_followed");
  if (!subject->manifests)
    return not_looked("not_wanted");
  if (subject->where.provider != "github" || subject->where.external_id == 0)
    return not_looked("not_at_github");
  return manifest_look{job, context, std::get<mcp::check_order>(order), std::move(*subject)}.run(*db);
}

} // namespace ingot
