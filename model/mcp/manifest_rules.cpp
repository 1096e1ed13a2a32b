#include "model/mcp/manifest_rules.hpp"

#include "model/json_text.hpp"
#include "model/json_write.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <re2/re2.h>
#include <set>

namespace ingot::mcp {

namespace {

constexpr std::size_t found_bytes_max = 80;

std::string in_quotes(std::string_view text) {
  auto out = std::string{};
  append_json_string(out, cut_for_echo(text, found_bytes_max));
  return out;
}

bool matches(std::string_view text, const RE2& pattern) {
  return RE2::FullMatch(re2::StringPiece{text.data(), text.size()}, pattern);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// Goes through one manifest and gathers what breaks a rule.
class rule_check {
public:
  rule_check(const manifest& x, const std::optional<manifest_origin>& origin) : x_(x), origin_(origin) {}

  std::vector<manifest_problem> run() {
    name();
    version();
    if (x_.repository)
      repository(*x_.repository);
    if (!x_.website_url.empty())
      if (const auto why = unlisted_address(x_.website_url))
        add('/' + x_.spelled("websiteUrl"), *why, "an https address of the open internet",
            "The page must be one that everybody can open.");
    for (auto i = std::size_t{0}; i < x_.packages.size(); ++i)
      package(x_.packages[i], "/packages/" + std::to_string(i));
    for (auto i = std::size_t{0}; i < x_.remotes.size(); ++i)
      remote(x_.remotes[i], "/remotes/" + std::to_string(i));
    return std::move(out_);
  }

private:
  void add(std::string pointer, const std::string& found, const std::string& expected, std::string hint) {
    if (out_.size() < manifest_report::problems_max)
      out_.push_back(
          {problem_source::rule, std::move(pointer), "found " + found + ", expected " + expected, std::move(hint), 1, 1});
  }

  void name() {
    static const auto label = RE2{"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"};
    static const auto server = RE2{"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"};
    const auto slash = x_.name.find('/');
    if (slash == std::string::npos || x_.name.find('/', slash + 1) != std::string::npos)
      return; // the schema says so
    const auto space = std::string_view{x_.name}.substr(0, slash);
    if (!matches(space, label))
      add("/name", "the namespace " + in_quotes(space), "a domain in reverse: labels parted by dots",
          "For a repository of GitHub it is io.github.OWNER; for a domain of yours its labels from the last to the first.");
    if (!matches(std::string_view{x_.name}.substr(slash + 1), server))
      add("/name", in_quotes(x_.name), "a name that begins and ends with a letter or a digit", "");
    of_github(space);
  }

  /// Only GitHub's namespaces can be judged by the repository; who owns another domain, a reviewer must see.
  void of_github(std::string_view space) {
    constexpr auto zone = std::string_view{"io.github"};
    if (!equal_ignoring_case(space.substr(0, zone.size()), zone) || (space.size() > zone.size() && space[zone.size()] != '.'))
      return;
    if (!space.starts_with(zone))
      return add("/name", "the namespace " + in_quotes(space), "io.github in lower case",
                 "Names that differ in case alone would look like the same server’s.");
    const auto owner = space.substr(std::min(space.size(), zone.size() + 1));
    if (owner.empty())
      return add("/name", "the namespace " + in_quotes(space), "io.github.OWNER", "GitHub’s namespace is nobody else’s.");
    if (!origin_ || owner == origin_->owner)
      return;
    add("/name", "the namespace of " + in_quotes(owner),
        "io.github." + origin_->owner + ", since the repository is " + origin_->owner + "’s",
        equal_ignoring_case(owner, origin_->owner) ? "The owner’s name is written differently: upper and lower case count."
                                                   : "A name below io.github belongs to the owner of the repository.");
  }

  void version() {
    if (const auto why = inexact(x_.version))
      add("/version", *why, "one exact version", "Write the version that this manifest is for: `1.0.2`.");
  }

  void repository(const manifest_repository& it) {
    static const auto github = RE2{R"(https?://(?:www\.)?github\.com/[A-Za-z0-9._-]+/[A-Za-z0-9._-]+/?)"};
    static const auto gitlab = RE2{R"(https?://(?:www\.)?gitlab\.com/[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)+/?)"};
    if (it.url.empty() && it.source.empty())
      return; // the schema says so
    const auto known = it.source == "github" ? matches(it.url, github) : it.source == "gitlab" && matches(it.url, gitlab);
    if (!known)
      add("/repository/url", in_quotes(it.url) + " of the host " + in_quotes(it.source), "a repository of github or gitlab",
          "For example https://github.com/owner/repository with the source `github`.");
    else if (origin_ && !is_origin(it.url))
      add("/repository/url", in_quotes(it.url),
          "https://github.com/" + origin_->owner + '/' + origin_->repository + ", where the manifest was found",
          "A manifest names the repository that it lies in. If that was renamed, write its new name.");
    subfolder(it.subfolder);
  }

  bool is_origin(std::string_view url) const {
    const auto begin = url.find("github.com/");
    if (begin == std::string_view::npos)
      return false;
    url.remove_prefix(begin + std::string_view{"github.com/"}.size());
    while (url.ends_with('/'))
      url.remove_suffix(1);
    if (url.ends_with(".git"))
      url.remove_suffix(4);
    return equal_ignoring_case(url, origin_->owner + '/' + origin_->repository);
  }

  void subfolder(std::string_view path) {
    static const auto clean = RE2{"[A-Za-z0-9._@-]+(?:/[A-Za-z0-9._@-]+)*"};
    if (path.empty())
      return;
    auto good = matches(path, clean);
    for (auto rest = path; good && !rest.empty();) {
      const auto part = rest.substr(0, rest.find('/'));
      good = part != "." && part != "..";
      rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    }
    if (!good)
      add("/repository/subfolder", in_quotes(path), "a relative path without `.`, `..` or empty parts",
          "For example `servers/weather`, without a slash at either end.");
  }

  void package(const manifest_package& it, const std::string& at) {
    static constexpr auto types = std::to_array<std::string_view>({"npm", "pypi", "oci", "nuget", "mcpb"});
    if (std::find(types.begin(), types.end(), it.registry_type) == types.end()) {
      if (!it.registry_type.empty())
        add(at + '/' + x_.spelled("registryType"), in_quotes(it.registry_type), "npm, pypi, oci, nuget or mcpb",
            "The type names the kind of registry; where it is may be said in " + x_.spelled("registryBaseUrl") + '.');
    }
    if (!it.identifier.empty())
      if (const auto why = unfit_identifier(it.registry_type, it.identifier))
        add(at + "/identifier", *why + ": " + in_quotes(it.identifier), "a package of the type " + it.registry_type, "");
    if (const auto why = inexact(it.version); why && it.version != "latest") // which the schema refuses
      add(at + "/version", *why, "one exact version", "Write the version that clients should install.");
    if (it.registry_type == "mcpb" && it.file_sha256.empty())
      add(at, "no `" + x_.spelled("fileSha256") + '`', "the SHA-256 of the file",
          "Clients check a downloaded file against it. `sha256sum FILE` computes it.");
    if (!it.registry_base_url.empty())
      if (const auto why = unlisted_address(it.registry_base_url))
        add(at + '/' + x_.spelled("registryBaseUrl"), *why, "an https address of the open internet", "");
    arguments(it.runtime_arguments, at + '/' + x_.spelled("runtimeArguments"));
    arguments(it.package_arguments, at + '/' + x_.spelled("packageArguments"));
    unique_headers(it.transport.headers, at + "/transport/headers");
    one_value_each(it.environment, at + '/' + x_.spelled("environmentVariables"));
    auto known = std::set<std::string_view>{it.transport.variables.begin(), it.transport.variables.end()};
    for (const auto* list : {&it.runtime_arguments, &it.package_arguments, &it.environment})
      for (const auto& each : *list) {
        known.insert(each.name ? std::string_view{*each.name} : std::string_view{});
        known.insert(each.value_hint);
      }
    variables(it.transport.url, known, at + "/transport/url",
              "It may stand for an argument, the hint of one, or an environment variable of the package.");
  }

  void remote(const manifest_transport& it, const std::string& at) {
    if (it.url.empty())
      return;
    if (const auto why = unlisted_address(it.url))
      add(at + "/url", *why + ": " + in_quotes(it.url), "an https address of the open internet",
          "A remote is called by every client. For a server that a user starts, describe a package instead.");
    variables(it.url, {it.variables.begin(), it.variables.end()}, at + "/url", "Describe it in `variables`.");
    unique_headers(it.headers, at + "/headers");
  }

  void variables(std::string_view url, const std::set<std::string_view>& known, const std::string& at, const std::string& hint) {
    const auto named = template_variables(url);
    if (named.size() > template_variables_max)
      return add(at, "more than " + std::to_string(template_variables_max) + " variables",
                 "at most " + std::to_string(template_variables_max), "");
    auto unknown = std::string{};
    for (const auto& each : named)
      if (!known.contains(each) && unknown.size() < found_bytes_max)
        unknown += (unknown.empty() ? "{" : ", {") + cut_for_echo(each, found_bytes_max) + '}';
    if (!unknown.empty())
      add(at, "variables that nothing describes: " + unknown, "each of them described", hint);
  }

  void arguments(const std::vector<manifest_input>& list, const std::string& at) {
    static const auto flag = RE2{R"([^\s$<>|;&`'"\\]+)"};
    for (auto i = std::size_t{0}; i < list.size(); ++i) {
      const auto& it = list[i];
      if (!it.is_named || !it.name)
        continue;
      const auto here = at + '/' + std::to_string(i) + "/name";
      if (it.name->empty())
        add(here, "an empty name", "the flag with its dashes", "For example `--port`.");
      else if (!matches(*it.name, flag))
        add(here, in_quotes(*it.name), "one flag, without a value, spaces or signs of a shell",
            "Write `--port` as the name, and what follows it as `value`, `default` or variable.");
    }
    // The same flag with another value is fine: `-e A=1 -e B=2`.
    auto seen = std::set<std::pair<std::string, std::string>>{};
    for (auto i = std::size_t{0}; i < list.size(); ++i)
      if (const auto& it = list[i]; it.is_named && it.name && !it.is_repeated && !seen.emplace(*it.name, it.value).second)
        add_again(at + '/' + std::to_string(i) + "/name", "argument", *it.name);
  }

  void unique_headers(const std::vector<manifest_input>& list, const std::string& at) {
    auto seen = std::set<std::string>{};
    for (auto i = std::size_t{0}; i < list.size(); ++i) {
      auto name = list[i].name.value_or("");
      std::transform(name.begin(), name.end(), name.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      if (!name.empty() && !seen.insert(name).second)
        add_again(at + '/' + std::to_string(i) + "/name", "header", *list[i].name);
    }
  }

  /// A variable of the environment has one value: manifests that registries took do describe one twice, but in harmony.
  void one_value_each(const std::vector<manifest_input>& list, const std::string& at) {
    auto values = std::map<std::string_view, std::string_view>{};
    for (auto i = std::size_t{0}; i < list.size(); ++i)
      if (const auto& it = list[i]; it.name && !it.name->empty())
        if (const auto [before, is_new] = values.emplace(*it.name, it.value); !is_new && before->second != it.value)
          add(at + '/' + std::to_string(i) + "/name", "the variable " + in_quotes(*it.name) + " again, with another value",
              "one value for each variable", "Take one of them out.");
  }

  void add_again(std::string at, const std::string& what, std::string_view name) {
    add(std::move(at), "the " + what + ' ' + in_quotes(name) + " again", "every " + what + " once", "Take one of them out.");
  }

  const manifest& x_;
  const std::optional<manifest_origin>& origin_;
  std::vector<manifest_problem> out_;
};

} // namespace

std::vector<manifest_problem> broken_rules(const manifest& x, const std::optional<manifest_origin>& origin) {
  return rule_check{x, origin}.run();
}

} // namespace ingot::mcp
