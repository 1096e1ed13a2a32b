#include "model/mcp/submission_mail.hpp"

#include "model/mail/text_template.hpp"
#include "model/signature.hpp"

#include <algorithm>

namespace ingot::mcp {

namespace {

constexpr std::size_t server_bytes_max = 200;

/// The pattern of the published schema: `reverse.dns/name`. So nobody writes to strangers what he likes in our name.
bool is_server_name(std::string_view x) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  };
  const auto slash = x.find('/');
  if (x.size() > server_bytes_max || slash == std::string_view::npos || slash == 0 || slash + 1 == x.size())
    return false;
  const auto space = x.substr(0, slash), name = x.substr(slash + 1);
  return std::all_of(space.begin(), space.end(), is_part) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_part(c) || c == '_'; });
}

struct mail_template {
  std::string_view action;
  submission_state state;
  std::string_view subject, text;
};

// The placeholders: {server} {reason} {status} {confirm} {unsubscribe} {id}.
constexpr mail_template templates[] = {
    {"submit", submission_state::unconfirmed, "Confirm your submission of {server}",
     "Somebody, perhaps you, submitted the MCP server {server} with this address.\n\n"
     "To let it be reviewed, open this page and confirm:\n\n  {confirm}\n\n"
     "If it was not you, do nothing: nobody will look at it, and no more mail about it comes.\n"},
    {"confirm", submission_state::submitted, "Your submission of {server} waits for a review",
     "Thank you. Your submission {id} of {server} waits for a reviewer.\n\nIts status, and what was found in its manifest:\n\n  "
     "{status}\n"},
    {"submit", submission_state::submitted, "Your submission of {server} waits for a review",
     "Your submission {id} of {server} waits for a reviewer.\n\nIts status, and what was found in its manifest:\n\n  {status}\n"},
    {"claim", submission_state::under_review, "Your submission of {server} is under review",
     "A reviewer looks at your submission {id} of {server} now.\n\nIts status:\n\n  {status}\n"},
    {"request_changes", submission_state::changes_requested, "Please change your submission of {server}",
     "A reviewer asks you to change your submission {id} of {server}:\n\n{reason}\n\nChange it, or see its status, here:\n\n  "
     "{status}\n"},
    {"approve", submission_state::approved, "{server} is listed",
     "Your submission {id} was approved: {server} is listed from now on.\n\nIts status:\n\n  {status}\n"},
    {"reject", submission_state::rejected, "Your submission of {server} was not accepted",
     "Your submission {id} of {server} was not accepted:\n\n{reason}\n\nIts status:\n\n  {status}\n"},
};

constexpr std::string_view footer = "\n-- \nNo more mail about submissions to this address: {unsubscribe}\n";

std::string_view name_of(submission_link x) {
  return x == submission_link::status ? "status" : x == submission_link::confirm ? "confirm" : "unsubscribe";
}

std::string_view view_of(const std::array<unsigned char, 32>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A reason as a quotation: nothing in it begins a line of ours.
std::string quotation(std::string_view text) {
  auto out = std::string{"> "};
  for (const auto c : text) {
    if (c == '\n')
      out += "\n> ";
    else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t')
      out += c;
  }
  return out;
}

} // namespace

std::string make_submission_token(std::string_view master_key, submission_link what, std::int64_t submission_id) {
  const auto derived = hmac_sha256{master_key}("ingot submission links 1");
  const auto signed_part = std::string{name_of(what)} + "/" + std::to_string(submission_id);
  return to_hex(view_of(hmac_sha256{view_of(derived)}(signed_part)));
}

bool is_submission_token(std::string_view token, std::string_view master_key, submission_link what, std::int64_t submission_id) {
  return !master_key.empty() && equal_in_constant_time(token, make_submission_token(master_key, what, submission_id));
}

bool is_worth_a_mail(std::string_view action, submission_state becomes) noexcept {
  return std::any_of(std::begin(templates), std::end(templates),
                     [&](const mail_template& x) { return x.action == action && x.state == becomes; });
}

std::optional<submission_mail_text> submission_mail_of(const submission_mail_facts& x) {
  const auto server = is_server_name(x.server) ? x.server : std::string{"your server"};
  const auto reason = quotation(x.reason);
  const auto id = std::to_string(x.id);
  const auto fill = [&](std::string_view text) {
    return mail::fill_template(text, {{"server", server},
                                      {"reason", reason},
                                      {"status", x.status_link},
                                      {"confirm", x.confirm_link},
                                      {"unsubscribe", x.unsubscribe_link},
                                      {"id", id}});
  };
  for (const auto& of : templates)
    if (of.action == x.action && of.state == x.state)
      return submission_mail_text{fill(of.subject), fill(std::string{of.text} + std::string{footer})};
  return std::nullopt;
}

} // namespace ingot::mcp
