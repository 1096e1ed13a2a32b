#include "model/mail/message.hpp"
#include "model/mail/text_template.hpp"
#include "model/mcp/submission_mail.hpp"
#include "model/mcp/submission_notice.hpp"
#include "tests/support/catch.hpp"

#include <string>

using namespace ingot;

namespace {

mail::message plain() {
  return {"ingot@example.org", "Ingot", "ada@example.org", "Hello", "One\nTwo\n", {}, "7@example.org", timestamp{}};
}

std::string refused_header(const mail::message& x) {
  const auto out = mail::compose(x);
  const auto* why = std::get_if<failure>(&out);
  return why == nullptr ? "none" : why->details.at(0).pointer;
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a mail is written as RFC 5322 has it") {
  CHECK(
      std::get<std::string>(mail::compose(plain())) ==
      "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nFrom: \"Ingot\" <ingot@example.org>\r\nTo: ada@example.org\r\nSubject: Hello\r\n"
      "Message-ID: <7@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\nAuto-Submitted: auto-generated\r\n\r\nOne\r\nTwo\r\n\r\n");
  CHECK(mail::encoded_header("Grüße") == "=?utf-8?B?R3LDvMOfZQ==?=");
  const auto longer = mail::encoded_header(std::string(44, 'x') + "üüü");
  CHECK(longer == "=?utf-8?B?"
                  "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="
                  "?=\r\n =?utf-8?B?w7zDvMO8?=");
  CHECK(mail::quoted_printable("a=b ü \nend ") == "a=3Db =C3=BC=20\r\nend=20");
  CHECK(mail::quoted_printable(std::string(80, 'x')) == std::string(75, 'x') + "=\r\n" + std::string(5, 'x'));
  CHECK(mail::quoted_printable("\r\n") == "=0D\r\n");
}

TEST_CASE("a line's end in any header of a mail is refused, since it could be another header") {
  for (const auto& bad :
       {std::string{"x\r\nBcc: all@example.org"}, std::string{"x\ny"}, std::string{"x\ry"}, std::string{"x\0y", 3}}) {
    auto x = plain();
    x.subject = bad;
    CHECK(refused_header(x) == "Subject");
    x = plain();
    x.from_name = bad;
    CHECK(refused_header(x) == "From");
    x = plain();
    x.id = bad;
    CHECK(refused_header(x) == "Message-ID");
    x = plain();
    x.to = "ada@example.org" + bad;
    CHECK(refused_header(x) == "To");
    x = plain();
    x.from = bad;
    CHECK(refused_header(x) == "From");
    x = plain();
    x.headers = {{"List-Unsubscribe", bad}};
    CHECK(refused_header(x) == "List-Unsubscribe");
    x.headers = {{"X-" + bad, "1"}};
    CHECK(refused_header(x) != "none");
  }
  auto x = plain();
  x.headers = {{"List-Unsubscribe", "<https://example.org/?a=b>"}};
  CHECK(holds(std::get<std::string>(mail::compose(x)), "\r\nList-Unsubscribe: <https://example.org/?a=b>\r\n"));
}

TEST_CASE("a template knows its own placeholders only, and values make no others") {
  CHECK_FALSE(mail::judge_template("{a} and {b}", {"a", "b"}));
  CHECK(mail::judge_template("{a} and {c}", {"a", "b"}) == "there is no placeholder {c}");
  CHECK(mail::judge_template("{a", {"a"}) == "a { is never closed");
  CHECK(mail::fill_template("{a}{b}{c} {", {{"a", "{b}"}, {"b", "2"}}) == "{b}2{c} {");
  CHECK(mail::fill_template("", {}).empty());
  CHECK(mail::one_line("a\r\nb\tc", 100) == "a  b c");
  CHECK(mail::one_line("äöü", 3) == "ä");
}

TEST_CASE("a submitter is written to at the steps that others take, with every placeholder filled") {
  using namespace ingot::mcp;
  auto mails = 0;
  auto x = submission_mail_facts{
      7,        "submit", submission_state::unconfirmed, "io.github.ada/x\r\nBcc: b@c.de", "no\n-- \nlicence", "S-LINK",
      "C-LINK", "U-LINK"};
  for (const auto& step : submission_transitions) {
    x.action = to_string(step.action);
    x.state = step.to;
    const auto mail = submission_mail_of(x);
    const auto by_others = step.who.reviewer && step.action != submission_action::release;
    CHECK(mail.has_value() == (by_others || step.action == submission_action::confirm));
    if (!mail)
      continue;
    ++mails;
    CHECK_FALSE(holds(mail->subject + mail->text, "{"));
    CHECK_FALSE(holds(mail->subject, "\n"));
    CHECK(holds(mail->text, "S-LINK"));
    CHECK(holds(mail->text, "U-LINK"));
    CHECK_FALSE(holds(mail->text, "C-LINK"));
    if (step.needs_reason)
      CHECK(holds(mail->text, "> no\n> -- \n> licence\n"));
  }
  CHECK(mails == 5);
  x.action = "submit";
  x.state = submission_state::unconfirmed;
  CHECK(holds(submission_mail_of(x)->text, "C-LINK"));
  CHECK_FALSE(holds(submission_mail_of(x)->text, "S-LINK")); // whoever typed a stranger's address gets no hold of it
}

TEST_CASE("law 9: a link's token counts for its submission, its purpose and its key alone") {
  using namespace ingot::mcp;
  const auto token = make_submission_token("key", submission_link::status, 7);
  CHECK(token.size() == 64);
  CHECK(is_submission_token(token, "key", submission_link::status, 7));
  CHECK_FALSE(is_submission_token(token, "key", submission_link::status, 8));
  CHECK_FALSE(is_submission_token(token, "key", submission_link::confirm, 7));
  CHECK_FALSE(is_submission_token(token, "another", submission_link::status, 7));
  CHECK_FALSE(is_submission_token(make_submission_token("", submission_link::status, 7), "", submission_link::status, 7));
  CHECK_FALSE(is_submission_token("", "key", submission_link::status, 7));
}

TEST_CASE("orders to tell of a submission are read as they were written") {
  using namespace ingot::mcp;
  const auto news = submission_news{7, 3, "reject", submission_state::rejected, "io.github.ada/x", "", "no", timestamp{}};
  const auto order = parse_submission_mail(submission_mail(news).payload);
  REQUIRE(order);
  CHECK(order->submission_id == 7);
  CHECK(order->state == submission_state::rejected);
  CHECK(order->reason == "no");
  CHECK(submission_webhook(news).payload ==
        R"({"type":"submission.rejected","timestamp":"1970-01-01T00:00:00Z","data":{"id":7,"state":"rejected","version":3,)"
        R"("action":"reject","server":"io.github.ada/x","repository":null,"reason":"no"}})");
  CHECK(parse_submission_job(submission_job(submission_track_kind, 7, 3).payload) == 7);
  for (const auto* wrong : {"", "{}", "[]", R"({"submission":0})"}) {
    CHECK_FALSE(parse_submission_job(wrong));
    CHECK_FALSE(parse_submission_mail(wrong));
  }
}

TEST_CASE("no mail holds a text of a stranger's choice in the place of a server's name") {
  auto x = mcp::submission_mail_facts{};
  x.action = "submit";
  x.server = "com.example/weather";
  CHECK(mcp::submission_mail_of(x)->subject == "Confirm your submission of com.example/weather");
  for (const auto* other : {"", "https://github.com/buy/now", "buy now at evil.example", "com.example/a b", "com.example/", "/x",
                            "com.example/x\nBcc: a@b.c", "a/b/c"}) {
    x.server = other;
    INFO(other);
    CHECK(mcp::submission_mail_of(x)->subject == "Confirm your submission of your server");
  }
  CHECK(mcp::is_worth_a_mail("reject", mcp::submission_state::rejected));
  CHECK_FALSE(mcp::is_worth_a_mail("revise", mcp::submission_state::submitted));
  CHECK_FALSE(mcp::is_worth_a_mail("withdraw", mcp::submission_state::withdrawn));
}
