#include "model/mcp/manifest_rules.hpp"

#include "model/ip_address.hpp"
#include "model/public_address.hpp"
#include "model/web_url.hpp"

#include <algorithm>
#include <array>
#include <re2/re2.h>
#include <set>

namespace ingot::mcp {

namespace {

bool matches(std::string_view text, const RE2& pattern) {
  return RE2::FullMatch(re2::StringPiece{text.data(), text.size()}, pattern);
}

std::string lower(std::string_view text) {
  auto out = std::string{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

/// Each `{name}` replaced by a digit, which may stand anywhere in an address.
std::string with_variables_filled(std::string_view text) {
  auto out = std::string{};
  for (auto i = std::size_t{0}; i < text.size(); ++i) {
    const auto end = text[i] == '{' ? text.find_first_of("{}", i + 1) : std::string_view::npos;
    if (end == std::string_view::npos || text[end] == '{') {
      out += text[i];
    } else {
      out += '1';
      i = end;
    }
  }
  return out;
}

/// The host of an http or https URL, without brackets, port and user.
std::string_view host_of(std::string_view url) {
  const auto begin = url.find("//") + 2;
  auto host = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  if (const auto at = host.rfind('@'); at != std::string_view::npos)
    host.remove_prefix(at + 1);
  if (host.starts_with('['))
    return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

/// RFC 6761, RFC 8375 and usage: names that no public resolver answers.
bool is_private_name(std::string_view host) {
  static constexpr auto zones = std::to_array<std::string_view>(
      {"localhost", "localdomain", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa"});
  while (host.ends_with('.'))
    host.remove_suffix(1);
  return std::any_of(zones.begin(), zones.end(), [&](std::string_view zone) {
    return host == zone || (host.size() > zone.size() && host.ends_with(zone) && host[host.size() - zone.size() - 1] == '.');
  });
}

/// What ends in a number is an IPv4 address to browsers (WHATWG URL), however it is written.
bool ends_in_number(std::string_view host) {
  static const auto pattern = RE2{R"((?:.*\.)?(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?)"};
  return matches(host, pattern);
}

} // namespace

std::optional<std::string> inexact(std::string_view version) {
  // Those of npm, of Python (PEP 440), of Ruby and of NuGet and Maven (intervals).
  static const auto comparator = RE2{R"((?s)(?:.*[,\s])?\s*[\^~<>=!]+\s*v?[0-9xX*].*)"};
  static const auto interval = RE2{R"((?s)\s*[\[(].*[\])]\s*)"};
  static const auto list = RE2{R"((?s)\s*v?[0-9][^,]*,\s*v?[0-9].*)"};
  static const auto hyphen = RE2{R"(\s*v?[0-9]+(?:\.[0-9xX*]+)*\S*\s+-\s+v?[0-9]+(?:\.[0-9xX*]+)*\S*\s*)"};
  static const auto wildcard = RE2{R"(\s*(?:v?[0-9]+(?:\.[0-9]+)*\.[xX*](?:\.[0-9xX*]+)*|[xX*](?:\.[xX*])*)\s*)"};
  static const auto latest = RE2{R"((?i)\s*latest\s*)"};
  if (matches(version, latest))
    return "the word `latest`";
  for (const auto* range : {&comparator, &interval, &list, &hyphen, &wildcard})
    if (matches(version, *range))
      return "a range of versions";
  if (version.find("||") != std::string_view::npos)
    return "a range of versions";
  return std::nullopt;
}

std::vector<std::string> template_variables(std::string_view text) {
  auto out = std::vector<std::string>{};
  auto seen = std::set<std::string_view>{};
  for (auto begin = text.find('{'); begin != std::string_view::npos && out.size() <= template_variables_max;
       begin = text.find('{', begin + 1)) {
    const auto end = text.find_first_of("{}", begin + 1);
    if (end == std::string_view::npos)
      break;
    if (text[end] == '{' || end == begin + 1)
      continue;
    const auto name = text.substr(begin + 1, end - begin - 1);
    if (seen.insert(name).second)
      out.emplace_back(name);
  }
  return out;
}

std::optional<std::string> unlisted_address(std::string_view url) {
  const auto filled = with_variables_filled(url);
  if (!lower(filled.substr(0, 8)).starts_with("https://"))
    return "an address that does not begin with https://";
  if (!is_web_url(filled))
    return "a text that is no web address";
  const auto host = lower(host_of(filled));
  // What resolvers make of other letters differs: a full-width 127.0.0.1 is an address to some.
  if (std::any_of(host.begin(), host.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    return "a host with letters beyond ASCII, which is to be written in punycode";
  if (const auto address = parse_ip(host))
    return is_public(*address) ? std::nullopt : std::optional<std::string>{"an address of a private network"};
  if (ends_in_number(host) && template_variables(host_of(url)).empty())
    return "a host that is a number";
  if (is_private_name(host))
    return "a host of a private network";
  if (host.find('.') == std::string::npos && url.find('{') == std::string_view::npos)
    return "a host without a domain";
  return std::nullopt;
}

std::optional<std::string> unfit_identifier(std::string_view registry_type, std::string_view identifier) {
  static const auto npm = RE2{R"((?:@[A-Za-z0-9~-][A-Za-z0-9._~-]*/)?[A-Za-z0-9~-][A-Za-z0-9._~-]*)"};
  static const auto pypi = RE2{R"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"};
  static const auto nuget = RE2{R"([A-Za-z0-9_]+(?:[_.-][A-Za-z0-9_]+)*)"};
  static const auto oci =
      RE2{R"((?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
          R"((?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[a-f0-9]{64})?)"};
  constexpr std::size_t identifier_bytes_max = 512;
  if (identifier.find(' ') != std::string_view::npos)
    return "a name with spaces";
  if (identifier.size() > identifier_bytes_max)
    return "a name of more than " + std::to_string(identifier_bytes_max) + " bytes";
  if (registry_type == "npm" && (identifier.size() > 214 || !matches(identifier, npm)))
    return "no name of an npm package";
  if (registry_type == "pypi" && !matches(identifier, pypi))
    return "no name of a Python package (PEP 508)";
  if (registry_type == "nuget" && (identifier.size() > 100 || !matches(identifier, nuget)))
    return "no name of a NuGet package";
  if (registry_type == "oci" && !matches(identifier, oci))
    return "no reference of an image";
  if (registry_type == "mcpb")
    return unlisted_address(identifier);
  return std::nullopt;
}

} // namespace ingot::mcp
