#include "config/assign.hpp"

#include "config/quantity.hpp"
#include "model/base64.hpp"
#include "model/email_address.hpp"
#include "model/ip_address.hpp"
#include "model/mcp/manifest_validator.hpp"
#include "model/sealing.hpp"
#include "model/standard_webhooks.hpp"
#include "model/web_url.hpp"
#include "model/word_list.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace ingot {

namespace {

bool is_number(const setting& x) {
  settings scratch;
  return std::visit(
      [](auto* p) {
        using type = std::remove_pointer_t<decltype(p)>;
        return std::is_same_v<type, milliseconds> || (std::is_integral_v<type> && !std::is_same_v<type, bool>);
      },
      x.slot(scratch));
}

bool is_boolean(const setting& x) {
  settings scratch;
  return std::holds_alternative<bool*>(x.slot(scratch));
}

bool is_fraction(const setting& x) {
  settings scratch;
  return std::holds_alternative<double*>(x.slot(scratch));
}

std::optional<double> parse_fraction(std::string_view text) {
  auto value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

bool among(std::string_view choices, std::string_view word) {
  while (!choices.empty()) {
    auto bar = choices.find('|');
    if (choices.substr(0, bar) == word)
      return true;
    choices.remove_prefix(bar == std::string_view::npos ? choices.size() : bar + 1);
  }
  return false;
}

std::string spelled(std::string_view choices) {
  std::string out;
  for (char c : choices)
    out += c == '|' ? std::string{", "} : std::string{c};
  return out;
}

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> scratch{};
  return inet_pton(AF_INET, text.c_str(), scratch.data()) == 1 || inet_pton(AF_INET6, text.c_str(), scratch.data()) == 1;
}

bool are_schema_versions(std::string_view text) {
  const auto words = words_in(text);
  const auto known = mcp::known_schema_versions();
  return std::all_of(words.begin(), words.end(),
                     [&](const std::string& x) { return std::find(known.begin(), known.end(), x) != known.end(); });
}

bool is_list_of_types(std::string_view text) {
  const auto part_of_name = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ' '; };
  return text.find_first_not_of(' ') != std::string_view::npos && std::all_of(text.begin(), text.end(), part_of_name);
}

bool is_currency(std::string_view text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

/// Rules of single texts that no range can say.
std::string judge_text(const setting& x, std::string_view text) {
  const auto is_pem = x.key == "github_api.app_private_key" && text.starts_with("-----BEGIN");
  if (text.find_first_of(is_pem ? std::string_view{"\0", 1} : std::string_view{"\0\n\r", 3}) != std::string_view::npos)
    return "must not hold a NUL or a line break";
  if (!x.choices.empty() && !among(x.choices, text))
    return "must be one of " + spelled(x.choices) + ", not \"" + std::string{text} + "\"";
  if (x.key == "server.listen" && !is_address(std::string{text}))
    return "must be an IPv4 or IPv6 address such as 127.0.0.1 or ::, not \"" + std::string{text} + "\"";
  if (x.key == "data_dir" && text.empty())
    return "must name a folder";
  if (x.key == "database.url" && !text.empty() && !text.starts_with("postgres://") && !text.starts_with("postgresql://") &&
      text.find('=') == std::string_view::npos)
    return "must be a URL such as postgresql://user:password@host:5432/name, or empty for the embedded database";
  if (x.key == "admin.token" && !text.empty() && text.size() < 16)
    return "must have 16 characters at least; leave it out and one is made";
  static constexpr std::string_view tokens[] = {"application.token", "application.token_previous", "cron.secret",
                                                "cron.secret_previous"};
  if (std::find(std::begin(tokens), std::end(tokens), x.key) != std::end(tokens) && !text.empty() && text.size() < 16)
    return "must have 16 characters at least (openssl rand -hex 32 makes one)";
  if (x.key == "server.trusted_proxies" && !parse_networks(text))
    return "must be networks such as 127.0.0.1 or 10.0.0.0/8 with blanks between, not \"" + std::string{text} + "\"";
  if (x.key == "events.types" && !is_list_of_types(text))
    return "must be names of capital letters, digits and _ with blanks between (VIEW COPY)";
  if ((x.key == "mcp.default_schema" || x.key == "mcp.accepted_schemas") && !are_schema_versions(text))
    return "must be published versions of the schema of server.json, such as 2025-12-11";
  if (x.key == "mcp.default_schema" && words_in(text).size() != 1)
    return "must be one version";
  if (x.key == "rollup.currency" && !is_currency(text))
    return "must be three lower-case letters such as usd";
  if (x.key == "smtp.from" && !text.empty() && !parse_email_address(text))
    return "must be one e-mail address such as ingot@example.org, not \"" + std::string{text} + "\"";
  if (x.key == "smtp.url" && !text.empty() && !text.starts_with("smtp://") && !text.starts_with("smtps://"))
    return "must begin with smtp:// or smtps://";
  if (x.key == "smtp.url" && text.find('@') != std::string_view::npos)
    return "must hold no user name and no password: use smtp.user and smtp.password";
  if (x.key == "submissions.public_url" && !text.empty() && (!is_web_url(text) || text.ends_with('/')))
    return "must be an address such as https://mcp.example.org, without a / at its end";
  if ((x.key == "application.notify_secret" || x.key == "submissions.notify_secret") && !text.empty() &&
      !standard_webhooks::parse_secret(text))
    return "must be whsec_ and 24 to 64 bytes in base64 (Standard Webhooks)";
  if (x.key == "master.key" && !text.empty() && from_base64(text).value_or("").size() != sealing::key_bytes)
    return "must be 32 bytes in base64 (openssl rand -base64 32); leave it out and one is made";
  return {};
}

struct number_writer {
  std::int64_t number;
  void operator()(milliseconds* p) const { *p = milliseconds{number}; }
  void operator()(std::uint16_t* p) const { *p = static_cast<std::uint16_t>(number); }
  void operator()(unsigned* p) const { *p = static_cast<unsigned>(number); }
  void operator()(std::size_t* p) const { *p = static_cast<std::size_t>(number); }
  void operator()(auto*) const {}
};

struct text_writer {
  std::string_view text;
  void operator()(std::string* p) const { *p = text; }
  void operator()(std::filesystem::path* p) const { *p = text; }
  void operator()(log_format* p) const { *p = text == "json" ? log_format::json : log_format::text; }
  void operator()(auto*) const {}
};

} // namespace

std::string expectation(const setting& x) {
  if (is_fraction(x))
    return "expected a number such as 0.25";
  if (is_boolean(x))
    return "expected true or false";
  if (!is_number(x))
    return "expected a text in quotes";
  switch (x.unit) {
  case setting_unit::bytes:
    return "expected a size such as 26214400 or \"25MiB\"";
  case setting_unit::ms:
    return "expected a duration such as 10000 (milliseconds), \"10s\", \"250ms\" or \"2m\"";
  case setting_unit::days:
    return "expected a number of days such as 30 or \"30d\"";
  case setting_unit::none:
    break;
  }
  return "expected a whole number";
}

std::string assign_number(const setting& x, settings& to, std::int64_t number) {
  if (is_fraction(x))
    return assign_fraction(x, to, static_cast<double>(number));
  if (!is_number(x))
    return expectation(x) + ", not a number";
  if (number < x.least || number > x.most) {
    auto print = [&](std::int64_t n) { return print_quantity(n, x.unit); };
    return "must be " + print(x.least) + " to " + print(x.most) + ", not " + print(number);
  }
  std::visit(number_writer{number}, x.slot(to));
  return {};
}

std::string assign_fraction(const setting& x, settings& to, double number) {
  if (!is_fraction(x))
    return expectation(x) + ", not a number with a fraction";
  if (!(number >= static_cast<double>(x.least) && number <= static_cast<double>(x.most)))
    return "must be " + std::to_string(x.least) + " to " + std::to_string(x.most) + ", not " + std::to_string(number);
  *std::get<double*>(x.slot(to)) = number;
  return {};
}

std::string assign_boolean(const setting& x, settings& to, bool value) {
  if (!is_boolean(x))
    return expectation(x) + ", not " + (value ? "true" : "false");
  *std::get<bool*>(x.slot(to)) = value;
  return {};
}

std::string assign_text(const setting& x, settings& to, std::string_view text) {
  if (is_number(x)) {
    auto number = x.unit == setting_unit::none ? std::nullopt : parse_quantity(text, x.unit);
    if (!number)
      return expectation(x) + ", not \"" + std::string{text} + "\"";
    return assign_number(x, to, *number);
  }
  if (is_boolean(x) || is_fraction(x))
    return expectation(x) + " without quotes";
  if (auto wrong = judge_text(x, text); !wrong.empty())
    return wrong;
  std::visit(text_writer{text}, x.slot(to));
  return {};
}

std::string assign_environment(const setting& x, settings& to, std::string_view text) {
  if (is_number(x)) {
    if (auto number = parse_quantity(text, x.unit))
      return assign_number(x, to, *number);
    return expectation(x) + ", not \"" + std::string{text} + "\"";
  }
  if (is_fraction(x)) {
    if (const auto number = parse_fraction(text))
      return assign_fraction(x, to, *number);
    return expectation(x) + ", not \"" + std::string{text} + "\"";
  }
  if (is_boolean(x)) {
    static constexpr std::string_view yes[] = {"true", "1", "yes", "on"};
    static constexpr std::string_view no[] = {"false", "0", "no", "off"};
    bool on = std::find(std::begin(yes), std::end(yes), text) != std::end(yes);
    if (!on && std::find(std::begin(no), std::end(no), text) == std::end(no))
      return expectation(x) + ", not \"" + std::string{text} + "\"";
    return assign_boolean(x, to, on);
  }
  return assign_text(x, to, text);
}

} // namespace ingot
