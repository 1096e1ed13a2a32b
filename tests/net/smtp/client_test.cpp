#include "net/smtp/client.hpp"

#include "model/mail/message.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/smtp_server.hpp"

#include <string>

using namespace ingot;
using namespace ingot::testing;

namespace {

smtp::letter letter_to(const std::string& to) {
  auto x = mail::message{"ingot@example.org", "Ingot", to, "Grüße", "First\n.\n..dots\nbare\n", {}, "1@example.org", {}};
  return {x.from, x.to, std::get<std::string>(mail::compose(x))};
}

/// `sent`, `later: why` or `never: why`.
std::string end_of(const smtp_settings& to, const std::string& recipient, const std::string& sender = "ingot@example.org") {
  try {
    auto letter = letter_to(recipient);
    letter.from = sender;
    smtp::send(to, letter);
    return "sent";
  } catch (const smtp::not_sent& e) {
    return std::string{e.for_good() ? "never: " : "later: "} + e.what();
  }
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a mail arrives at a real server as it was written") {
  const auto server = smtp_server::start();
  if (!server)
    return;
  auto to = smtp_settings{};
  to.url = server->url();
  to.tls = false;
  CHECK(end_of(to, "ada@example.org") == "sent");
  const auto mails = server->mails();
  REQUIRE(mails.size() == 1);
  CHECK(mails[0].from == "ingot@example.org");
  CHECK(mails[0].to == "ada@example.org");
  CHECK(mails[0].message == letter_to("ada@example.org").message);
}

TEST_CASE("what a mail server refuses for now may be sent later, what it refuses for good never") {
  const auto server = smtp_server::start();
  if (!server)
    return;
  auto to = smtp_settings{};
  to.url = server->url();
  to.tls = false;
  const auto later = end_of(to, "defer-1@example.org");
  CHECK(later.starts_with("later: "));
  CHECK(holds(later, "451 4.3.0 come again later"));
  CHECK(end_of(to, "defer-1@example.org") == "sent");
  const auto never = end_of(to, "refuse@example.org");
  CHECK(never.starts_with("never: "));
  CHECK(holds(never, "550 5.1.1 no such mailbox here"));
  CHECK(end_of(to, "text@example.org").starts_with("never: "));
  // What the operator can mend is not for good.
  CHECK(end_of(to, "login@example.org").starts_with("later: "));
  CHECK(end_of(to, "ada@example.org", "refuse@example.org").starts_with("later: "));
  CHECK(server->mails().size() == 1);
  to.url = "smtp://127.0.0.1:1";
  CHECK(end_of(to, "ada@example.org").starts_with("later: "));
  to.url = server->url();
  to.tls = true; // this server has none
  CHECK(end_of(to, "ada@example.org").starts_with("later: "));
  CHECK(server->mails().size() == 1);
}

TEST_CASE("a node that stops waits for no mail server") {
  const auto server = smtp_server::start();
  if (!server)
    return;
  auto to = smtp_settings{};
  to.url = server->url();
  to.tls = false;
  CHECK_THROWS_AS(smtp::send(to, letter_to("ada@example.org"), [] { return true; }), smtp::not_sent);
  CHECK(server->mails().empty());
}

TEST_CASE("law 9: mail goes over TLS to a server that is trusted, with a login whose password no error tells") {
  const auto server = smtp_server::start(smtp_server::security::tls_and_login);
  if (!server)
    return;
  auto to = smtp_settings{};
  to.url = server->url();
  to.user = "ingot";
  to.password = "mail password";
  CHECK(end_of(to, "ada@example.org").starts_with("later: ")); // its certificate is nobody's
  to.trusted_certificate = server->certificate();
  CHECK(end_of(to, "ada@example.org") == "sent");
  REQUIRE(server->mails().size() == 1);
  CHECK(server->mails()[0].tls);
  to.password = "wrong-secret";
  const auto refused = end_of(to, "ada@example.org");
  CHECK(refused.starts_with("later: "));
  CHECK_FALSE(holds(refused, "wrong-secret"));
}

TEST_CASE("the address of a mail server is judged") {
  CHECK(smtp::judge_url("smtp://mail.example.org:587").empty());
  CHECK(smtp::judge_url("smtps://mail.example.org").empty());
  for (const auto* wrong : {"https://mail.example.org", "mail.example.org", "smtp://", "smtp://u:p@mail.example.org",
                            "smtp://mail.example.org/path"}) {
    INFO(wrong);
    CHECK_FALSE(smtp::judge_url(wrong).empty());
  }
}
