#include "storage/submissions.hpp"

#include "model/json_object.hpp"
#include "model/mcp/submission_mail.hpp"
#include "model/mcp/submission_notice.hpp"
#include "storage/job_statements.hpp"
#include "storage/mcp_servers.hpp"
#include "storage/pgx.hpp"
#include "storage/refused_change.hpp"
#include "storage/submission_mails.hpp"

#include <algorithm>

namespace ingot::storage {

namespace {

using mcp::submission_action;
using mcp::submission_state;
using origin = mcp::manifest_origin_kind;

// What read_submission() takes.
const std::string submission_columns = R"sql(
  id, version, state, submitter_kind, submitter, email, repository_url, manifest, server_name, report::text, valid, note,
  claimed_by, reason, (extract(epoch FROM created_at) * 1000000)::int8, (extract(epoch FROM updated_at) * 1000000)::int8,
  manifest_origin, readme_html, confirmed_at IS NOT NULL
)sql";

// The same without what is long, for lists.
const std::string short_columns = R"sql(
  id, version, state, submitter_kind, submitter, email, repository_url, NULL, server_name, NULL, valid, NULL,
  claimed_by, reason, (extract(epoch FROM created_at) * 1000000)::int8, (extract(epoch FROM updated_at) * 1000000)::int8,
  manifest_origin, NULL, confirmed_at IS NOT NULL
)sql";

// One.
const std::string submission_of_id = "SELECT " + submission_columns + "FROM submissions WHERE id = $1";

// Keeps it from changing while a step is decided.
const std::string lock_submission = submission_of_id + " FOR UPDATE";

// A page, the newest first.
const std::string page_of_submissions = "SELECT " + short_columns + R"sql(
  FROM submissions WHERE ($1::text IS NULL OR state = $1) AND id < $2 ORDER BY id DESC LIMIT $3
)sql";

// Submissions of one submitter one after the other, so that none passes a limit: the row is locked to the end of the transaction.
constexpr auto lock_submitter = R"sql(
  INSERT INTO submitters (kind, name) VALUES ($1, $2) ON CONFLICT (kind, name) DO UPDATE SET name = excluded.name
)sql";

// How many wait, and how many came since a time.
constexpr auto counts_of_submitter = R"sql(
  SELECT count(*) FILTER (WHERE state IN ('submitted', 'under_review', 'changes_requested')),
         count(*) FILTER (WHERE created_at > $3::timestamptz)
  FROM submissions WHERE submitter_kind = $1 AND submitter = $2
)sql";

// Another one that waits with the same server, or the same repository while its server is not known.
constexpr auto pending_duplicate = R"sql(
  SELECT id FROM submissions
  WHERE id <> $1 AND state IN ('submitted', 'under_review', 'changes_requested')
    AND (server_name = $2 OR (repository_key = $3 AND (server_name IS NULL OR $2::text IS NULL)))
  ORDER BY id LIMIT 1
)sql";

// A new one.
const std::string insert_submission = R"sql(
  INSERT INTO submissions (state, submitter_kind, submitter, email, repository_url, repository_key, manifest, server_name, report,
                           valid, note, created_at, updated_at, manifest_origin, confirmed_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11, $12::timestamptz, $12::timestamptz, $13,
          CASE WHEN $1 <> 'unconfirmed' THEN $12::timestamptz END)
  RETURNING )sql" + submission_columns;

// A step was taken.
const std::string update_state = R"sql(
  UPDATE submissions SET state = $2, version = version + 1, claimed_by = $3, reason = COALESCE($4, reason),
    updated_at = $5::timestamptz, confirmed_at = COALESCE(confirmed_at, CASE WHEN $2 = 'submitted' THEN $5::timestamptz END)
  WHERE id = $1
  RETURNING )sql" + submission_columns;

// What its submitter says now.
const std::string update_content = R"sql(
  UPDATE submissions SET state = $2, version = version + 1, repository_url = $3, repository_key = $4, manifest = $5,
    server_name = $6, report = $7::jsonb, valid = $8, note = $9, claimed_by = NULL, updated_at = $10::timestamptz,
    manifest_origin = $11, readme_html = $12
  WHERE id = $1
  RETURNING )sql" + submission_columns;

// The manifest that the repository has. @pre the row is locked
const std::string update_fetched = R"sql(
  UPDATE submissions SET manifest = $2, server_name = $3, report = $4::jsonb, valid = $5, readme_html = $6,
    manifest_origin = 'repository', version = version + 1, updated_at = $7::timestamptz
  WHERE id = $1
  RETURNING )sql" + submission_columns;

// What else the repository shows, of which no decision depends. @pre the row is locked
constexpr auto update_look = "UPDATE submissions SET manifest_origin = $2, readme_html = $3 WHERE id = $1";

// Revisions of one since a time.
constexpr auto count_revisions = R"sql(
  SELECT count(*) FROM submission_history WHERE submission_id = $1 AND action = 'revise' AND at > $2::timestamptz
)sql";

// Those that nobody has confirmed in time, with their histories and whoever has nothing else; without waiting for who confirms.
constexpr auto forget_unconfirmed = R"sql(
  WITH old AS MATERIALIZED (
    SELECT id FROM submissions WHERE confirmed_at IS NULL AND created_at < $1::timestamptz
    ORDER BY created_at LIMIT 1000 FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM submissions s USING old WHERE s.id = old.id RETURNING s.id, s.submitter_kind, s.submitter
  ), steps AS (
    DELETE FROM submission_history h USING gone WHERE h.submission_id = gone.id
  ), people AS (
    DELETE FROM submitters p USING gone WHERE (p.kind, p.name) = (gone.submitter_kind, gone.submitter)
      AND NOT EXISTS (SELECT FROM submissions s WHERE (s.submitter_kind, s.submitter) = (p.kind, p.name)
                      AND s.id NOT IN (SELECT id FROM old))
  )
  SELECT count(*) FROM gone
)sql";

// An entry of the history.
constexpr auto insert_event = R"sql(
  INSERT INTO submission_history (submission_id, at, actor, action, from_state, to_state, version, reason)
  VALUES ($1, $2::timestamptz, $3, $4, $5, $6, $7, $8)
)sql";

// The history of one.
constexpr auto events_of = R"sql(
  SELECT * FROM (
    SELECT id, (extract(epoch FROM at) * 1000000)::int8, actor, action, from_state, to_state, reason, version
    FROM submission_history WHERE submission_id = $1 ORDER BY id DESC LIMIT $2
  ) newest ORDER BY id
)sql";

constexpr auto unique_violation = "23505";

std::optional<std::string> unless_empty(const std::string& x) {
  return x.empty() ? std::nullopt : std::optional{x};
}

submission_record read_submission(const pqxx::row& row) {
  const auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
  const auto time = [&](int column) { return timestamp{std::chrono::microseconds{row[column].as<std::int64_t>()}}; };
  auto out = submission_record{};
  out.id = row[0].as<std::int64_t>();
  out.version = row[1].as<std::int64_t>();
  out.state = mcp::parse_submission_state(pgx::text(row[2])).value(); // a constraint holds it
  out.by = {text(3), text(4)};
  out.email = text(5);
  out.repository_url = text(6);
  out.manifest = {text(7), text(8), text(9), row[10].as<bool>()};
  out.note = text(11);
  out.claimed_by = text(12);
  out.reason = text(13);
  out.created_at = time(14);
  out.updated_at = time(15);
  out.manifest_origin = mcp::parse_manifest_origin(pgx::text(row[16]));
  out.readme_html = text(17);
  out.is_confirmed = row[18].as<bool>();
  return out;
}

std::vector<submission_event> read_history(pqxx::transaction_base& tx, std::int64_t id) {
  auto out = std::vector<submission_event>{};
  for (const auto& row : pgx::query(tx, events_of, id, submission_events_max)) {
    const auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
    out.push_back({timestamp{std::chrono::microseconds{row[1].as<std::int64_t>()}}, text(2), text(3), text(4), text(5), text(6),
                   row[7].as<std::int64_t>()});
  }
  return out;
}

std::string subject_of(const submission_record& x) {
  return "submission " + std::to_string(x.id);
}

/// What the audit log shows of it: nothing that its submitter wrote but the names.
std::string audited(const submission_record& x) {
  auto out = json_object{};
  out.add("state", to_string(x.state)).add("version", x.version).add_unless_empty("server", x.manifest.server_name);
  out.add_unless_empty("repository", x.repository_url)
      .add_unless_empty("claimed_by", x.claimed_by)
      .add("valid", x.manifest.valid)
      .add("manifest_origin", to_string(x.manifest_origin));
  return out.text();
}

refused_change no_such_submission(std::int64_t id) {
  return refused_change{{fault::not_found, "there is no submission " + std::to_string(id) + " that you may see", {}}};
}

refused_change duplicate_of(const std::string& what, const std::string& id) {
  return refused_change{{fault::conflict, "this server waits for a review already: " + what, {{"submission", id}}}};
}

void refuse_duplicate(pqxx::work& tx, const submission_record& x, const std::optional<std::string>& repository_key) {
  const auto rows = pgx::query(tx, pending_duplicate, x.id, unless_empty(x.manifest.server_name), repository_key);
  if (rows.empty())
    return;
  const auto id = std::string{pgx::text(rows[0][0])};
  throw duplicate_of("submission " + id, id);
}

/// The one that is listed already, if any. One that was deleted may come again.
std::optional<listed_server> listed_already(pqxx::work& tx, const submission_record& x) {
  auto listed = x.manifest.server_name.empty() ? find_server_of_repository(tx, x.repository_url)
                                               : find_listed_server(tx, x.manifest.server_name);
  return listed && listed->status != "deleted" ? std::move(listed) : std::nullopt;
}

void refuse_listed(pqxx::work& tx, const submission_record& x) {
  if (const auto listed = listed_already(tx, x))
    throw refused_change{{fault::conflict, "this server is listed already: " + listed->name, {{"server", listed->name}}}};
}

std::optional<std::string> key_of(const std::string& repository_url) {
  const auto page = mcp::parse_repository_page(repository_url);
  return page ? std::optional{page->key()} : std::nullopt;
}

/// Is it valid, and not somebody else's? A server that was listed since it was submitted, of the very repository whose own
/// manifest this is, is the same.
void refuse_unlistable(pqxx::work& tx, const submission_record& x) {
  if (!x.manifest.valid)
    throw refused_change{{fault::conflict, "its manifest is not valid: request changes", {{"/valid", "is false"}}}};
  const auto listed = listed_already(tx, x);
  const auto key = key_of(x.repository_url);
  const auto is_same = listed && key && x.manifest_origin == origin::repository && key == key_of(listed->repository_url);
  if (!is_same)
    refuse_listed(tx, x);
}

void refuse_beyond_limits(pqxx::work& tx, const submitter& by, const submission_rules& rules, timestamp now) {
  pgx::query(tx, lock_submitter, by.kind, by.name);
  const auto rows = pgx::query(tx, counts_of_submitter, by.kind, by.name, to_rfc3339(now - std::chrono::hours{24}));
  if (rows[0][0].as<std::int64_t>() >= rules.pending_max)
    throw refused_change{{fault::rate_limited,
                          "of one submitter at most " + std::to_string(rules.pending_max) +
                              " submissions wait at a time (submissions.pending_max): withdraw one, or wait for a decision",
                          {}}};
  if (rows[0][1].as<std::int64_t>() >= rules.daily_max)
    throw refused_change{{fault::rate_limited,
                          "one submitter makes at most " + std::to_string(rules.daily_max) +
                              " submissions within 24 hours (submissions.daily_max)",
                          {}}};
}

/// The history and the audit log, in the transaction of the change.
void note_step(pqxx::work& tx, const submission_record* before, const submission_record& after, const std::string& action,
               const std::string& reason, const operator_action& by) {
  const auto from = before != nullptr ? std::optional{std::string{to_string(before->state)}} : std::nullopt;
  pgx::query(tx, insert_event, after.id, to_rfc3339(by.at), by.who, action, from, std::string{to_string(after.state)},
             after.version, unless_empty(reason));
  append_audit_line(tx, by, "submission " + action, subject_of(after), reason,
                    {before != nullptr ? audited(*before) : std::string{}, audited(after)});
}

/// Nobody is flooded by what others submit in his name.
void order_mail(pqxx::work& tx, const submission_record& x, const mcp::submission_news& news) {
  if (x.email.empty() || !mcp::is_worth_a_mail(news.action, x.state))
    return;
  const auto is_asked_for = x.by.kind == "email" && x.is_confirmed;
  if (is_asked_for || count_unasked_mail(tx, x.email, news.at))
    enqueue_job(tx, mcp::submission_mail(news));
  else if (!x.is_confirmed)
    throw refused_change{{fault::rate_limited,
                          "to an address that confirms nothing at most " + std::to_string(mails_unasked_max) +
                              " mails are sent a day: confirm what you submitted, or come again tomorrow",
                          {}}};
}

/// A step with whoever is to be told, in the transaction of the change. @param look is the repository to be looked at?
void record_step(pqxx::work& tx, const submission_record* before, const submission_record& after, const std::string& action,
                 const std::string& reason, const submission_rules& rules, const operator_action& by, bool look = false) {
  note_step(tx, before, after, action, reason, by);
  const auto news = mcp::submission_news{
      after.id, after.version, action, after.state, after.manifest.server_name, after.repository_url, reason, by.at};
  order_mail(tx, after, news);
  if (rules.tells_webhook && after.is_confirmed)
    enqueue_job(tx, mcp::submission_webhook(news));
  if (look && mcp::is_pending(after.state) && !after.repository_url.empty())
    enqueue_job(tx, mcp::submission_job(mcp::submission_fetch_kind, after.id, after.version));
  if (after.state == submission_state::approved && !after.repository_url.empty())
    enqueue_job(tx, mcp::submission_job(mcp::submission_track_kind, after.id, after.version));
}

/// What is answered is what was committed: nothing is read after it.
submission_record committed(pqxx::work& tx, submission_record x) {
  x.history = read_history(tx, x.id);
  tx.commit();
  return x;
}

/// Locks it, and judges the step.
submission_record begin_step(pqxx::work& tx, const submission_move& x, submission_state& becomes) {
  const auto rows = pgx::query(tx, lock_submission, x.id);
  if (rows.empty())
    throw no_such_submission(x.id);
  auto now = read_submission(rows[0]);
  if (auto why = judge_step({now.state, now.claimed_by}, x.step, becomes))
    throw refused_change{std::move(*why)};
  if (x.version && *x.version != now.version)
    throw refused_change{
        {fault::conflict, "it has changed since you looked at it", {{"/version", "is " + std::to_string(now.version) + " now"}}}};
  return now;
}

/// The indexes see what a look before could not, another transaction's row of the same moment: the next look finds it.
template <class Change>
auto once(Change change) {
  for (auto attempts_left = 1;; --attempts_left) {
    try {
      return change();
    } catch (const refused_change&) {
      throw;
    } catch (const std::exception& e) {
      if (sqlstate(e) != unique_violation)
        throw;
      if (attempts_left == 0)
        throw refused_change{{fault::conflict, "this server was submitted by somebody else at the same moment", {}}};
    }
  }
}

void refuse_too_many_revisions(pqxx::work& tx, std::int64_t id, timestamp now) {
  const auto day_ago = to_rfc3339(now - std::chrono::hours{24});
  if (pgx::query(tx, count_revisions, id, day_ago)[0][0].as<unsigned>() >= submission_revisions_max)
    throw refused_change{
        {fault::rate_limited,
         "one submission is changed at most " + std::to_string(submission_revisions_max) + " times within 24 hours",
         {}}};
}

/// What the submission is from now on, and whether the repository says more.
submission_record revised(const submission_record& before, const submission_revision& to) {
  auto out = before;
  if (to.repository && to.repository->url() != before.repository_url) {
    out.repository_url = to.repository->url();
    out.manifest = {}; // that of the other repository
    out.manifest_origin = origin::repository;
    out.readme_html.clear();
  }
  if (to.manifest) {
    out.manifest = *to.manifest;
    out.manifest_origin = origin::typed;
  }
  out.note = to.note.value_or(before.note);
  return out;
}

/// A manifest that cannot wait under its name: its report says why.
bool mark_duplicate(pqxx::work& tx, submission_record& x) {
  try {
    refuse_listed(tx, x);
    refuse_duplicate(tx, x, key_of(x.repository_url));
    return false;
  } catch (const refused_change& e) {
    mcp::add_problem(x.manifest, {mcp::problem_source::rule, "/name", e.why().message,
                                  "withdraw this submission, or name another server", 1, 1});
    x.manifest.server_name.clear();
    return true;
  }
}

} // namespace

submission_record add_submission(connection& db, const submission_draft& x, const submission_rules& rules,
                                 const operator_action& by) {
  return once([&] {
    auto deadline = connection::deadline{db};
    auto tx = pqxx::work{db.raw()};
    refuse_beyond_limits(tx, x.by, rules, by.at);
    auto wanted = submission_record{};
    wanted.manifest = x.manifest;
    const auto url = x.repository ? std::optional{x.repository->url()} : std::nullopt;
    wanted.repository_url = url.value_or("");
    refuse_listed(tx, wanted);
    const auto key = x.repository ? std::optional{x.repository->key()} : std::nullopt;
    refuse_duplicate(tx, wanted, key);
    const auto state = x.by.kind == "email" ? submission_state::unconfirmed : submission_state::submitted;
    const auto& m = x.manifest;
    const auto rows =
        pgx::query(tx, insert_submission, std::string{to_string(state)}, x.by.kind, x.by.name, unless_empty(x.email), url, key,
                   unless_empty(m.text), unless_empty(m.server_name), unless_empty(m.report), m.valid, x.note, to_rfc3339(by.at),
                   std::string{to_string(m.text.empty() ? origin::repository : origin::typed)});
    auto out = read_submission(rows[0]);
    record_step(tx, nullptr, out, "submit", {}, rules, by, true);
    return committed(tx, std::move(out));
  });
}

std::optional<submission_record> find_submission(connection& db, std::int64_t id) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, submission_of_id, id);
  if (rows.empty())
    return std::nullopt;
  auto out = read_submission(rows[0]);
  out.history = read_history(tx, id);
  return out;
}

std::vector<submission_record> list_submissions(connection& db, const std::optional<mcp::submission_state>& state,
                                                std::int64_t before, unsigned limit) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto name = state ? std::optional{std::string{to_string(*state)}} : std::nullopt;
  auto out = std::vector<submission_record>{};
  for (const auto& row : pgx::query(tx, page_of_submissions, name, before, limit))
    out.push_back(read_submission(row));
  return out;
}

submission_record move_submission(connection& db, const submission_move& x, const submission_rules& rules,
                                  const operator_action& by, const approval_effect& publish) {
  return once([&] {
    auto deadline = connection::deadline{db};
    auto tx = pqxx::work{db.raw()};
    auto becomes = submission_state::unconfirmed;
    const auto before = begin_step(tx, x, becomes);
    if (x.step.action == submission_action::confirm) {
      refuse_listed(tx, before);
      refuse_duplicate(tx, before, key_of(before.repository_url));
      opt_in_to_mail(tx, before.email, by);
    }
    if (x.step.action == submission_action::approve)
      refuse_unlistable(tx, before);
    const auto claimed = becomes == submission_state::under_review ? std::optional{x.step.actor} : std::nullopt;
    const auto rows = pgx::query(tx, update_state, x.id, std::string{to_string(becomes)}, claimed, unless_empty(x.step.reason),
                                 to_rfc3339(by.at));
    auto out = read_submission(rows[0]);
    record_step(tx, &before, out, std::string{to_string(x.step.action)}, x.step.reason, rules, by,
                x.step.action == submission_action::confirm);
    if (publish && becomes == submission_state::approved)
      publish(tx, out);
    return committed(tx, std::move(out));
  });
}

submission_record revise_submission(connection& db, const submission_move& x, const submission_revision& to,
                                    const submission_rules& rules, const operator_action& by) {
  return once([&] {
    auto deadline = connection::deadline{db};
    auto tx = pqxx::work{db.raw()};
    auto becomes = submission_state::unconfirmed;
    const auto before = begin_step(tx, x, becomes);
    refuse_too_many_revisions(tx, x.id, by.at);
    const auto now = revised(before, to);
    const auto key = key_of(now.repository_url);
    refuse_listed(tx, now);
    refuse_duplicate(tx, now, key);
    const auto& m = now.manifest;
    const auto rows = pgx::query(tx, update_content, x.id, std::string{to_string(becomes)}, unless_empty(now.repository_url), key,
                                 unless_empty(m.text), unless_empty(m.server_name), unless_empty(m.report), m.valid, now.note,
                                 to_rfc3339(by.at), std::string{to_string(now.manifest_origin)}, unless_empty(now.readme_html));
    auto out = read_submission(rows[0]);
    // Who names the repository wants it read, even where it is the same one: its manifest may have been mended.
    record_step(tx, &before, out, "revise", {}, rules, by, to.repository || to.manifest);
    return committed(tx, std::move(out));
  });
}

look_end keep_repository_look(connection& db, const job_lease& lease, const submission_record& known, const repository_look& x,
                              const operator_action& by) {
  return once([&] {
    auto deadline = connection::deadline{db};
    auto tx = pqxx::work{db.raw()};
    fence_job(tx, lease);
    const auto rows = pgx::query(tx, lock_submission, known.id);
    if (rows.empty())
      return look_end::outdated;
    const auto before = read_submission(rows[0]);
    if (before.version != known.version)
      return look_end::outdated;
    auto now = before;
    now.manifest = x.manifest.value_or(before.manifest);
    const auto is_duplicate = x.manifest && mark_duplicate(tx, now);
    const auto& m = now.manifest;
    if (!x.manifest ||
        (m.text == before.manifest.text && m.server_name == before.manifest.server_name && m.valid == before.manifest.valid &&
         before.manifest_origin == origin::repository && !before.manifest.report.empty())) {
      const auto is_news = x.origin != before.manifest_origin || x.readme_html != before.readme_html;
      pgx::query(tx, update_look, known.id, std::string{to_string(x.origin)}, unless_empty(x.readme_html));
      tx.commit();
      return is_news ? look_end::kept : look_end::unchanged;
    }
    const auto written = pgx::query(tx, update_fetched, known.id, unless_empty(m.text), unless_empty(m.server_name),
                                    unless_empty(m.report), m.valid, unless_empty(x.readme_html), to_rfc3339(by.at));
    const auto why = is_duplicate ? "its server is listed, or waits for a review already" : m.text.empty() ? "no manifest" : "";
    note_step(tx, &before, read_submission(written[0]), "fetch", why, by);
    tx.commit();
    return is_duplicate ? look_end::duplicate : look_end::kept;
  });
}

long forget_unconfirmed_submissions(connection& db, timestamp now) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, forget_unconfirmed, to_rfc3339(now - unconfirmed_kept));
  forget_unasked_mails(tx, now);
  tx.commit();
  return rows[0][0].as<long>();
}

} // namespace ingot::storage
