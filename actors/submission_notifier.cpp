#include "actors/submission_notifier.hpp"

#include "actors/webhook_post.hpp"
#include "model/base64.hpp"
#include "model/json_object.hpp"
#include "model/mail/message.hpp"
#include "model/mcp/submission_mail.hpp"
#include "model/mcp/submission_notice.hpp"
#include "net/smtp/client.hpp"
#include "storage/submission_mails.hpp"
#include "storage/submissions.hpp"

namespace ingot {

namespace {

using mcp::submission_link;

job_outcome skipped(std::string_view why) {
  return job_succeeded{json_object{}.add("skipped", why).text()};
}

std::string link_to(const settings& of, std::string_view path, submission_link what, std::int64_t id,
                    std::string_view parameter) {
  const auto key = from_base64(of.master_key).value_or("");
  return of.submissions.public_url + std::string{path} + std::string{parameter} + mcp::make_submission_token(key, what, id);
}

mcp::submission_mail_facts facts_of(const mcp::submission_mail_order& order, const storage::submission_record& x,
                                    const settings& of) {
  const auto id = std::to_string(x.id);
  const auto own = "/api/v1/submissions/" + id;
  // Nobody has shown that the address beside a user's key is that user's: the key shows the status, and no mail does.
  const auto status =
      x.by.kind == "email" ? link_to(of, own, submission_link::status, x.id, "?token=") : of.submissions.public_url + own;
  return {x.id,
          order.action,
          order.state,
          x.manifest.server_name,
          order.reason,
          status,
          link_to(of, "/submissions/confirm", submission_link::confirm, x.id, "?id=" + id + "&token="),
          link_to(of, "/mail/unsubscribe", submission_link::unsubscribe, x.id, "?id=" + id + "&token=")};
}

/// The mail of a job, the same at every attempt, so that a receiver can tell that it has had it.
std::variant<std::string, failure> compose(const claimed_job& job, const mcp::submission_mail_text& what, const std::string& to,
                                           const std::string& unsubscribe, const node_context& context) {
  const auto& of = context.config.smtp;
  auto mail = mail::message{of.from, of.from_name, to, what.subject, what.text, {}, {}, context.now()};
  mail.id = "submission-job-" + std::to_string(job.lease.id) + of.from.substr(of.from.find('@'));
  // RFC 2369 and RFC 8058: one click in the mail program is enough.
  mail.headers = {{"List-Unsubscribe", "<" + unsubscribe + ">"}, {"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"}};
  return mail::compose(mail);
}

job_outcome send(const claimed_job& job, const mcp::submission_mail_facts& facts, const std::string& to,
                 const node_context& context) {
  const auto what = mcp::submission_mail_of(facts);
  if (!what)
    return skipped("its submitter did this step, or needs no mail about it");
  const auto composed = compose(job, *what, to, facts.unsubscribe_link, context);
  if (const auto* why = std::get_if<failure>(&composed))
    return job_failed_for_good{why->message + ": " + why->details.at(0).pointer + ", " + why->details.at(0).message};
  try {
    smtp::send(context.config.smtp, {context.config.smtp.from, to, std::get<std::string>(composed)},
               [&context] { return context.draining.load(); });
    return job_succeeded{json_object{}.add("sent", true).text()};
  } catch (const smtp::not_sent& e) {
    const auto why = std::string{"the mail was not sent: "} + e.what();
    if (e.for_good())
      return job_failed_for_good{why};
    return job_failed_for_now{why};
  }
}

} // namespace

job_outcome notify_of_submission(const claimed_job& job, const node_context& context) {
  const auto& to = context.config.submissions;
  return post_webhook(job, configured_webhook{"submissions.notify", to.notify_url, to.notify_secret}, context);
}

job_outcome mail_submitter(const claimed_job& job, const node_context& context) {
  const auto order = mcp::parse_submission_mail(job.payload);
  if (!order)
    return job_failed_for_good{"its payload is no order of a mail"};
  const auto& of = context.config;
  if (of.smtp.url.empty())
    return skipped("no smtp.url is set");
  if (of.smtp.from.empty() || of.submissions.public_url.empty())
    return job_failed_for_now{"smtp.from and submissions.public_url must be set, too"};
  const auto db = context.open_connection();
  const auto found = storage::find_submission(*db, order->submission_id);
  if (!found || found->email.empty())
    return skipped("there is nobody to write to");
  // A request to confirm is asked for by whoever unsubscribed before; it is counted (storage::count_unasked_mail).
  if (order->state != mcp::submission_state::unconfirmed && !storage::wants_mail(*db, found->email))
    return skipped("this address wants no mail");
  return send(job, facts_of(*order, *found, of), found->email, context);
}

} // namespace ingot
