#include "model/new_repository.hpp"

#include "model/contents/glob.hpp"
#include "model/json_document.hpp"
#include "model/json_locate.hpp"
#include "model/web_url.hpp"

#include <algorithm>

namespace ingot::contents {

namespace {

/// Faults that are told; of a body with more, these come first.
constexpr std::size_t faults_max = 50;

constexpr std::size_t url_bytes_max = 2'048;
constexpr std::size_t branch_bytes_max = 255;
constexpr std::size_t owner_bytes_max = 100; // GitHub: 39 of a login; GitHub Enterprise may have more
constexpr std::size_t name_bytes_max = 100;  // GitHub's limit

using element = simdjson::dom::element;

/// Letters, digits, `-`, `_` and `.`: what GitHub makes names of. No `.` and `..`, which a path would mean otherwise.
bool is_github_name(std::string_view text, std::size_t bytes_max) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !text.empty() && text.size() <= bytes_max && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), is_part);
}

/// Of `https://host/a/b.git`: `b`.
std::string last_part(std::string_view url) {
  while (url.ends_with('/'))
    url.remove_suffix(1);
  url.remove_prefix(url.find_last_of('/') + 1);
  if (url.ends_with(".git") && url.size() > 4)
    url.remove_suffix(4);
  return std::string{url};
}

/// Reads members one by one and gathers what is wrong with them.
class reading {
public:
  void fault(std::string_view name, std::string expected, std::optional<std::size_t> index = {}) {
    if (faults_.size() == faults_max)
      return;
    auto pointer = std::string{};
    append_pointer_token(pointer, name);
    if (index)
      append_pointer_token(pointer, std::to_string(*index));
    faults_.push_back({std::move(pointer), std::move(expected)});
  }

  std::string text(std::string_view name, const element& value, const char* expected) {
    auto out = std::string_view{};
    if (value.get(out) != simdjson::SUCCESS)
      fault(name, expected);
    return std::string{out};
  }

  bool flag(std::string_view name, const element& value) {
    auto out = false;
    if (value.get(out) != simdjson::SUCCESS)
      fault(name, "expected: true or false");
    return out;
  }

  std::int64_t integer(std::string_view name, const element& value, std::int64_t least, std::int64_t most) {
    auto out = std::int64_t{0};
    if (value.get(out) != simdjson::SUCCESS || out < least || out > most)
      fault(name, "expected: a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return out;
  }

  std::string branch(std::string_view name, const element& value) {
    auto out = text(name, value, "expected: a branch's name");
    if (const auto wrong = out.empty() ? std::nullopt : judge_branch(out))
      fault(name, *wrong);
    return out;
  }

  std::vector<std::string> patterns(std::string_view name, const element& value) {
    auto out = std::vector<std::string>{};
    auto items = simdjson::dom::array{};
    if (value.get(items) != simdjson::SUCCESS) {
      fault(name, "expected: an array of patterns as in .gitignore");
      return out;
    }
    if (items.size() > glob_list::patterns_max) {
      fault(name, "expected: at most " + std::to_string(glob_list::patterns_max) + " patterns");
      return out;
    }
    for (const auto& item : items) {
      auto pattern = std::string_view{};
      if (item.get(pattern) != simdjson::SUCCESS)
        fault(name, "expected: a pattern", out.size());
      else if (auto wrong = glob_list::judge(pattern))
        fault(name, std::move(*wrong), out.size());
      out.emplace_back(pattern);
    }
    return out;
  }

  bool any() const { return !faults_.empty(); }

  failure take(const char* what) { return {fault::invalid_fields, what, std::move(faults_)}; }

private:
  std::vector<fault_detail> faults_;
};

void judge_place(new_repository& x, reading& said) {
  if (x.provider == "github") {
    if (!is_github_name(x.owner, owner_bytes_max))
      said.fault("owner", "expected: a GitHub account's login");
    if (!is_github_name(x.name, name_bytes_max))
      said.fault("name", "expected: a GitHub repository's name, without its owner");
    if (!x.url.empty())
      said.fault("url", "must be absent: a GitHub repository is named by owner and name");
  } else if (x.provider == "git") {
    if (!x.owner.empty())
      said.fault("owner", "must be absent: a git remote is named by its url");
    if (x.name.empty())
      x.name = last_part(x.url);
    if (x.credential_id != 0)
      said.fault("credentialId", "must be absent: a git remote is asked without credentials");
  } else {
    said.fault("provider", "expected: github or git");
  }
}

} // namespace

std::optional<std::string> judge_git_url(std::string_view url, bool local_paths) {
  if (url.empty() || url.size() > url_bytes_max)
    return "expected: a URL of at most " + std::to_string(url_bytes_max) + " bytes";
  if (std::any_of(url.begin(), url.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }))
    return "a URL holds neither spaces nor control characters";
  if (url.starts_with('/')) {
    if (!local_paths)
      return "paths of this machine are not allowed (contents.git_local_paths)";
    return (std::string{url} + '/').find("/../") == std::string::npos ? std::nullopt
                                                                      : std::optional<std::string>{"a path goes nowhere up"};
  }
  if (!is_web_url(url) || url.find('?') != std::string_view::npos || url.find('#') != std::string_view::npos)
    return "expected: https://host/path or http://host/path, without user name, password, query and fragment";
  return std::nullopt;
}

std::optional<std::string> judge_branch(std::string_view name) {
  const auto forbidden = [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7f || std::string_view{"~^:?*[\\"}.find(c) != std::string_view::npos;
  };
  const auto slashed = '/' + std::string{name} + '/';
  const auto holds = [&](const char* text) { return slashed.find(text) != std::string::npos; };
  if (name.empty() || name.size() > branch_bytes_max || name == "@" || name.starts_with('-') || name.ends_with('.') ||
      std::any_of(name.begin(), name.end(), forbidden) || holds("..") || holds("@{") || holds("//") || holds("/.") ||
      holds(".lock/"))
    return "expected: a branch's name as git has it, without refs/heads/";
  if (name.starts_with("refs/heads/"))
    return "expected: a branch's name without refs/heads/";
  return std::nullopt;
}

std::variant<new_repository, failure> parse_new_repository(std::string_view body, const repository_rules& rules) {
  auto document = json_document{};
  if (auto why = document.parse(body))
    return std::move(*why);
  auto out = new_repository{};
  auto said = reading{};
  for (const auto& [name, value] : document.root()) {
    if (name == "provider")
      out.provider = said.text(name, value, "expected: github or git");
    else if (name == "owner")
      out.owner = said.text(name, value, "expected: a GitHub account's login");
    else if (name == "name")
      out.name = said.text(name, value, "expected: a repository's name");
    else if (name == "url")
      out.url = said.text(name, value, "expected: a git remote's URL");
    else if (value.is_null())
      continue; // as if it were absent
    else if (name == "branch")
      out.branch = said.branch(name, value);
    else if (name == "include")
      out.filter.include = said.patterns(name, value);
    else if (name == "exclude")
      out.filter.exclude = said.patterns(name, value);
    else if (name == "fileBytesMax")
      out.filter.file_bytes_max = said.integer(name, value, 0, rules.file_bytes_max);
    else if (name == "skipBinary")
      out.filter.skip_binary = said.flag(name, value);
    else if (name == "fetchLfs")
      out.filter.fetch_lfs = said.flag(name, value);
    else if (name == "manifests")
      out.filter.manifests = said.flag(name, value);
    else if (name == "manifestPaths")
      out.filter.manifest_paths = said.patterns(name, value);
    else if (name == "credentialId")
      out.credential_id = said.integer(name, value, 1, std::int64_t{1} << 53);
    else
      said.fault(name, "there is no such member here");
  }
  judge_place(out, said);
  if (auto wrong = out.provider == "git" ? judge_git_url(out.url, rules.local_paths) : std::nullopt)
    said.fault("url", std::move(*wrong));
  if (said.any())
    return said.take("this repository cannot be followed as it is described");
  return out;
}

std::variant<repository_change, failure> parse_repository_change(std::string_view body, const repository_rules& rules) {
  auto document = json_document{};
  if (auto why = document.parse(body))
    return std::move(*why);
  auto out = repository_change{};
  auto said = reading{};
  for (const auto& [name, value] : document.root()) {
    const auto taken_back = value.is_null();
    if (name == "branch")
      out.branch = taken_back ? std::string{} : said.branch(name, value);
    else if (name == "include")
      out.include = taken_back ? std::vector<std::string>{} : said.patterns(name, value);
    else if (name == "exclude")
      out.exclude = taken_back ? std::vector<std::string>{} : said.patterns(name, value);
    else if (name == "fileBytesMax")
      out.file_bytes_max = taken_back ? std::nullopt : std::optional{said.integer(name, value, 0, rules.file_bytes_max)};
    else if (name == "skipBinary")
      out.skip_binary = !taken_back && said.flag(name, value);
    else if (name == "fetchLfs")
      out.fetch_lfs = !taken_back && said.flag(name, value);
    else if (name == "manifests")
      out.manifests = taken_back || said.flag(name, value);
    else if (name == "manifestPaths")
      out.manifest_paths = taken_back ? std::vector<std::string>{} : said.patterns(name, value);
    else if (name == "credentialId")
      out.credential_id = taken_back ? 0 : said.integer(name, value, 1, std::int64_t{1} << 53);
    else
      said.fault(name, "there is no such member here, or it cannot be changed");
  }
  if (said.any())
    return said.take("this repository cannot be changed so");
  return out;
}

std::variant<bool, failure> parse_sync_request(std::string_view body) {
  if (body.empty())
    return false;
  auto document = json_document{};
  if (auto why = document.parse(body))
    return std::move(*why);
  auto full = false;
  auto said = reading{};
  for (const auto& [name, value] : document.root()) {
    if (name == "full")
      full = said.flag(name, value);
    else
      said.fault(name, "there is no such member here");
  }
  if (said.any())
    return said.take("this sync cannot be asked for");
  return full;
}

} // namespace ingot::contents
