#include "storage/submissions.hpp"

#include "model/mcp/submission_notice.hpp"
#include "storage/refused_change.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <atomic>
#include <barrier>
#include <limits>
#include <thread>

using namespace ingot;
using namespace ingot::mcp;
using namespace ingot::storage;

namespace {

const auto noon = *parse_rfc3339("2026-05-01T12:34:56Z");
const auto rules = submission_rules{.pending_max = 20, .daily_max = 50, .tells_webhook = true};

judged_manifest manifest_of(const std::string& server, bool valid = true) {
  return {"{\"name\":\"" + server + "\"}", server, R"({"valid": true})", valid};
}

submission_draft draft_of(const std::string& server, const std::string& kind = "user", const std::string& name = "ada") {
  auto out = submission_draft{};
  out.by = {kind, name};
  out.email = kind == "email" ? name : "";
  out.manifest = manifest_of(server);
  return out;
}

template <class Change>
std::string refusal_of(Change change) {
  try {
    change();
  } catch (const refused_change& e) {
    const auto& x = e.why();
    return std::string{to_string(x.code)} +
           (x.details.empty() ? "" : " " + x.details.front().pointer + " " + x.details.front().message);
  }
  return "none";
}

operator_action by(const std::string& who, timestamp at = noon) {
  return {who, at, "request-1"};
}

/// A submission in that state, claimed by `reviewer ada` where it is under review.
std::int64_t make(testing::database& db, connection& c, submission_state state) {
  static auto made = std::atomic<int>{0};
  const auto id = add_submission(c, draft_of("io.github.ada/s" + std::to_string(++made)), {1000, 1000, false}, by("user ada")).id;
  db.sql("UPDATE submissions SET state = '" + std::string{to_string(state)} + "', claimed_by = " +
         (state == submission_state::under_review ? "'reviewer ada'" : "NULL") + " WHERE id = " + std::to_string(id));
  return id;
}

} // namespace

TEST_CASE("a submission goes its whole way, each step with its history, its audit line and its jobs in one transaction") {
  testing::database db;
  auto c = db.connect();
  auto draft = draft_of("io.github.ada/weather", "email", "ada@example.org");
  draft.repository = parse_repository_page("https://github.com/Ada/weather");
  const auto made = add_submission(*c, draft, rules, by("remote 10.0.0.1"));
  CHECK(made.state == submission_state::unconfirmed);
  CHECK(made.version == 1);
  const auto step = [&](submission_action action, submission_role role, const std::string& actor,
                        const std::string& reason = "") {
    const auto known = find_submission(*c, made.id)->version;
    return move_submission(*c, {made.id, {action, role, actor, reason}, known}, rules, by(actor));
  };
  step(submission_action::confirm, submission_role::submitter, "mail ada@example.org");
  CHECK(step(submission_action::claim, submission_role::reviewer, "reviewer grace").claimed_by == "reviewer grace");
  const auto asked = step(submission_action::request_changes, submission_role::reviewer, "reviewer grace", "name its licence");
  CHECK(asked.reason == "name its licence");
  CHECK(asked.claimed_by.empty());
  const auto revised =
      revise_submission(*c, {made.id, {submission_action::revise, submission_role::submitter, "mail ada@example.org", ""}, {}},
                        {{}, manifest_of("io.github.ada/weather2"), "done"}, rules, by("mail ada@example.org"));
  CHECK(revised.state == submission_state::submitted);
  CHECK(revised.manifest.server_name == "io.github.ada/weather2");
  CHECK(revised.note == "done");
  step(submission_action::claim, submission_role::reviewer, "reviewer grace");
  auto published = std::string{};
  const auto approved =
      move_submission(*c, {made.id, {submission_action::approve, submission_role::reviewer, "reviewer grace", ""}, 6}, rules,
                      by("reviewer grace"), [&](pqxx::work&, const submission_record& x) { published = x.manifest.server_name; });
  CHECK(approved.state == submission_state::approved);
  CHECK(approved.version == 7);
  CHECK(published == "io.github.ada/weather2");

  auto told = std::string{};
  for (const auto& x : submission_events(*c, made.id))
    told += x.action + ":" + x.from_state + ">" + x.to_state + " ";
  CHECK(told == "submit:>unconfirmed confirm:unconfirmed>submitted claim:submitted>under_review "
                "request_changes:under_review>changes_requested revise:changes_requested>submitted "
                "claim:submitted>under_review approve:under_review>approved ");
  CHECK(db.sql("SELECT count(*) FROM audit_log WHERE subject = 'submission 1' AND request_id = 'request-1'") == "7");
  CHECK(db.sql("SELECT before ->> 'state' || '>' || (after ->> 'state') FROM audit_log WHERE action = 'submission approve'") ==
        "under_review>approved");
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'submission_mail'") == "7");
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'submission_webhook'") == "6"); // not of the unconfirmed one
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'submission_track'") == "1");
  CHECK(db.sql("SELECT payload ->> 'type' FROM jobs WHERE kind = 'submission_webhook' ORDER BY id DESC LIMIT 1") ==
        "submission.approved");
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE payload::text LIKE '%ada@example.org%' OR key LIKE '%ada@%'") == "0");
}

TEST_CASE("the database allows and refuses every transition as the table says, and a refused one leaves nothing behind") {
  testing::database db;
  auto c = db.connect();
  for (auto s = std::size_t{0}; s < submission_states; ++s)
    for (auto r = std::size_t{0}; r < submission_roles; ++r) {
      auto id = std::int64_t{0};
      for (auto a = std::size_t{0}; a < submission_actions; ++a) {
        const auto state = static_cast<submission_state>(s);
        const auto wanted =
            submission_step{static_cast<submission_action>(a), static_cast<submission_role>(r), "reviewer ada", "because"};
        auto becomes = state;
        const auto allowed = !judge_step({state, "reviewer ada"}, wanted, becomes);
        if (id == 0)
          id = make(db, *c, state);
        const auto traces = [&] {
          return db.sql("SELECT (SELECT count(*) FROM submission_history) || '/' || (SELECT count(*) FROM audit_log) || '/' || "
                        "(SELECT count(*) FROM jobs) || '/' || version FROM submissions WHERE id = " +
                        std::to_string(id));
        };
        const auto before = traces();
        const auto refused = refusal_of([&] {
          wanted.action == submission_action::revise
              ? revise_submission(*c, {id, wanted, {}}, {{}, {}, "another"}, rules, by("reviewer ada"))
              : move_submission(*c, {id, wanted, {}}, rules, by("reviewer ada"));
        });
        INFO(to_string(state) << ' ' << to_string(wanted.action) << ' ' << to_string(wanted.role) << ": " << refused);
        CHECK((refused == "none") == allowed);
        CHECK((traces() == before) == !allowed);
        CHECK(find_submission(*c, id)->state == becomes);
        if (allowed)
          id = 0; // the next action is tried from the same state
      }
    }
}

TEST_CASE("of two reviewers who decide at once the second is told") {
  testing::database db;
  auto c = db.connect();
  constexpr auto rounds = 12;
  for (auto round = 0; round < rounds; ++round) {
    const auto id = make(db, *c, submission_state::submitted);
    auto start = std::barrier{2};
    auto refused = std::array<std::string, 2>{};
    auto threads = std::vector<std::thread>{};
    for (auto i = 0; i < 2; ++i)
      threads.emplace_back([&, i] {
        auto own = db.connect();
        const auto seen = find_submission(*own, id)->version;
        start.arrive_and_wait();
        const auto actor = i == 0 ? "reviewer ada" : "reviewer grace";
        refused[static_cast<std::size_t>(i)] = refusal_of([&] {
          move_submission(*own, {id, {submission_action::claim, submission_role::reviewer, actor, ""}, seen}, rules, by(actor));
        });
      });
    for (auto& x : threads)
      x.join();
    CHECK((refused[0] == "none") != (refused[1] == "none"));
    CHECK((refused[0] + refused[1]).find("conflict") != std::string::npos);
  }
  CHECK(db.sql("SELECT count(*) FROM submission_history WHERE action = 'claim'") == std::to_string(rounds));

  // Nobody decides on what was changed since it was looked at.
  const auto id = make(db, *c, submission_state::under_review);
  CHECK(refusal_of([&] {
          move_submission(*c, {id, {submission_action::approve, submission_role::admin, "admin", ""}, 9}, rules, by("admin"));
        }) == "conflict /version is 1 now");
}

TEST_CASE("a server or a repository waits once, and whoever comes second is told of the first") {
  testing::database db;
  auto c = db.connect();
  const auto add = [&](const submission_draft& x) { return add_submission(*c, x, rules, by("user ada")); };
  const auto first = add(draft_of("io.github.ada/a"));
  CHECK(refusal_of([&] { add(draft_of("io.github.ada/a", "user", "eve")); }) == "conflict submission 1");
  auto page = submission_draft{};
  page.by = {"user", "ada"};
  page.repository = parse_repository_page("https://github.com/Ada/One");
  add(page);
  page.repository = parse_repository_page("https://github.com/ada/one.git");
  CHECK(refusal_of([&] { add(page); }) == "conflict submission 2");
  // Two servers of one repository are two.
  auto b = draft_of("io.github.ada/b"), d = draft_of("io.github.ada/d");
  b.repository = d.repository = parse_repository_page("https://github.com/ada/many");
  add(b);
  CHECK(refusal_of([&] { add(d); }) == "none");
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'submission_fetch'") == "1"); // of the one without a manifest

  // One that nobody has confirmed keeps nobody away, and is refused itself when it comes too late.
  const auto idle = add(draft_of("io.github.ada/e", "email", "eve@example.org"));
  CHECK(refusal_of([&] { add(draft_of("io.github.ada/e")); }) == "none");
  CHECK(refusal_of([&] {
          move_submission(*c, {idle.id, {submission_action::confirm, submission_role::submitter, "mail", ""}, {}}, rules,
                          by("mail"));
        }).starts_with("conflict submission"));
  // What is over keeps nobody away either.
  move_submission(*c, {first.id, {submission_action::withdraw, submission_role::submitter, "user ada", ""}, {}}, rules,
                  by("user ada"));
  CHECK(refusal_of([&] { add(draft_of("io.github.ada/a")); }) == "none");
}

TEST_CASE("the same server submitted by many at once waits once") {
  testing::database db;
  constexpr auto senders = 6;
  auto start = std::barrier{senders};
  auto taken = std::atomic<int>{0}, conflicts = std::atomic<int>{0};
  auto threads = std::vector<std::thread>{};
  for (auto i = 0; i < senders; ++i)
    threads.emplace_back([&, i] {
      auto c = db.connect();
      start.arrive_and_wait();
      const auto end =
          refusal_of([&] { add_submission(*c, draft_of("io.github.ada/a", "user", std::to_string(i)), rules, by("user")); });
      end == "none" ? ++taken : ++conflicts;
    });
  for (auto& x : threads)
    x.join();
  CHECK(taken == 1);
  CHECK(conflicts == senders - 1);
  CHECK(db.sql("SELECT count(*) FROM submissions") == "1");
}

TEST_CASE("law 5: one submitter's submissions are bounded, those that wait and those of a day") {
  testing::database db;
  auto c = db.connect();
  const auto few = submission_rules{.pending_max = 2, .daily_max = 3, .tells_webhook = false};
  auto at = noon;
  const auto add = [&](const std::string& server, const std::string& name = "ada") {
    return refusal_of([&] { add_submission(*c, draft_of(server, "user", name), few, by("user", at)); });
  };
  CHECK(add("io.github.ada/a") == "none");
  CHECK(add("io.github.ada/b") == "none");
  CHECK(add("io.github.ada/c") == "rate_limited");
  CHECK(add("io.github.ada/c", "grace") == "none");
  db.sql("UPDATE submissions SET state = 'withdrawn'");
  CHECK(add("io.github.ada/d") == "none");
  db.sql("UPDATE submissions SET state = 'withdrawn'");
  CHECK(add("io.github.ada/e") == "rate_limited");
  at += std::chrono::hours{25};
  CHECK(add("io.github.ada/e") == "none");
}

TEST_CASE("what is not valid is not approved, and an approval whose server cannot be listed did not happen") {
  testing::database db;
  auto c = db.connect();
  const auto id = make(db, *c, submission_state::under_review);
  const auto approve = [&](const approval_effect& effect) {
    return refusal_of([&] {
      move_submission(*c, {id, {submission_action::approve, submission_role::admin, "admin", ""}, {}}, rules, by("admin"),
                      effect);
    });
  };
  db.sql("UPDATE submissions SET valid = FALSE");
  CHECK(approve({}) == "conflict /valid is false");
  db.sql("UPDATE submissions SET valid = TRUE");
  CHECK(approve([](pqxx::work&, const submission_record&) {
          throw refused_change{{fault::conflict, "the name is taken", {}}};
        }) == "conflict");
  CHECK(find_submission(*c, id)->state == submission_state::under_review);
  CHECK(db.sql("SELECT count(*) FROM submission_history WHERE action = 'approve'") == "0");
  CHECK(db.sql("SELECT count(*) FROM audit_log WHERE action = 'submission approve'") == "0");
}

TEST_CASE("a repository's manifest is kept when there is none, and submissions are listed by state, the newest first") {
  testing::database db;
  auto c = db.connect();
  auto page = submission_draft{};
  page.by = {"user", "ada"};
  page.repository = parse_repository_page("https://github.com/ada/one");
  const auto id = add_submission(*c, page, rules, by("user ada")).id;
  keep_fetched_manifest(*c, id, manifest_of("io.github.ada/one"));
  keep_fetched_manifest(*c, id, manifest_of("io.github.ada/two"));
  const auto kept = find_submission(*c, id);
  CHECK(kept->manifest.server_name == "io.github.ada/one");
  CHECK(kept->version == 1);
  for (auto i = 0; i < 4; ++i)
    make(db, *c, submission_state::submitted);
  const auto all = std::numeric_limits<std::int64_t>::max();
  CHECK(list_submissions(*c, {}, all, 10).size() == 5);
  CHECK(list_submissions(*c, submission_state::approved, all, 10).empty());
  const auto first = list_submissions(*c, submission_state::submitted, all, 2);
  REQUIRE(first.size() == 2);
  CHECK(first[0].id > first[1].id);
  CHECK(list_submissions(*c, submission_state::submitted, first[1].id, 10).size() == 3);
  CHECK_FALSE(find_submission(*c, 999));
}

TEST_CASE("law 9: an address that wants no mail is kept as its digest") {
  testing::database db;
  auto c = db.connect();
  CHECK(wants_mail(*c, "ada@example.org"));
  opt_out_of_mail(*c, "ada@example.org", by("mail"));
  opt_out_of_mail(*c, "ada@example.org", by("mail"));
  CHECK_FALSE(wants_mail(*c, "ada@example.org"));
  CHECK(wants_mail(*c, "grace@example.org"));
  CHECK(db.sql("SELECT count(*) FROM mail_opt_outs m, audit_log a WHERE m::text LIKE '%ada@%' OR a::text LIKE '%ada@%'") == "0");
}
