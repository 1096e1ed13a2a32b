#include "storage/submissions.hpp"

#include "model/mcp/submission_notice.hpp"
#include "storage/mcp_servers.hpp"
#include "storage/refused_change.hpp"
#include "storage/submission_approval.hpp"
#include "storage/submission_mails.hpp"
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
  for (const auto& x : approved.history)
    told += x.action + ":" + x.from_state + ">" + x.to_state + " ";
  CHECK(told == "submit:>unconfirmed confirm:unconfirmed>submitted claim:submitted>under_review "
                "request_changes:under_review>changes_requested revise:changes_requested>submitted "
                "claim:submitted>under_review approve:under_review>approved ");
  CHECK(db.sql("SELECT count(*) FROM audit_log WHERE subject = 'submission 1' AND request_id = 'request-1'") == "7");
  CHECK(db.sql("SELECT before ->> 'state' || '>' || (after ->> 'state') FROM audit_log WHERE action = 'submission approve'") ==
        "under_review>approved");
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'submission_mail'") == "6");    // not of the revision
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
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'submission_fetch'") == "3"); // of each with a repository

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
      end == "none" ? ++taken : conflicts += end == "conflict submission 1" ? 1 : 0;
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

TEST_CASE("submissions are listed by state, the newest first, without what is long") {
  testing::database db;
  auto c = db.connect();
  auto first_one = draft_of("io.github.ada/one");
  first_one.note = "a note";
  CHECK(add_submission(*c, first_one, rules, by("user ada")).history.size() == 1);
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
  const auto last = list_submissions(*c, submission_state::submitted, all, 10).back();
  CHECK(last.manifest.server_name == "io.github.ada/one");
  CHECK((last.manifest.text + last.manifest.report + last.note + last.readme_html).empty());
}

namespace {

/// A submission of a repository, whose job is leased.
struct looking {
  testing::database db;
  std::unique_ptr<connection> c = db.connect();
  job_lease lease{0, "11111111-1111-1111-1111-111111111111", {}};

  submission_record add(const std::string& repository, const std::string& typed = "") {
    auto draft = typed.empty() ? submission_draft{} : draft_of(typed);
    draft.by = {"user", "ada"};
    draft.repository = parse_repository_page("https://github.com/" + repository);
    const auto out = add_submission(*c, draft, rules, by("user ada"));
    lease.id = std::stoll(db.sql("UPDATE jobs SET state = 'running', lease_token = '" + lease.token +
                                 "', lease_until = now() + interval '1 hour' WHERE id = (SELECT max(id) FROM jobs WHERE kind = "
                                 "'submission_fetch') RETURNING id"));
    return out;
  }

  look_end keep(const submission_record& known, const repository_look& x) {
    return keep_repository_look(*c, lease, known, x, by("node"));
  }

  std::string step(std::int64_t id, submission_action action, submission_role role, const std::string& actor) {
    return refusal_of([&] { move_submission(*c, {id, {action, role, actor, "why"}, {}}, rules, by(actor)); });
  }
};

repository_look found(const std::string& server, const std::string& readme = "<p>readme</p>") {
  return {manifest_of(server), manifest_origin_kind::repository, readme};
}

} // namespace

TEST_CASE_METHOD(looking, "a repository's manifest is another version of its submission, which nobody decides on unseen") {
  const auto made = add("ada/one");
  CHECK(made.manifest_origin == manifest_origin_kind::repository);
  CHECK(keep(made, found("io.github.ada/one")) == look_end::kept);
  auto now = *find_submission(*c, made.id);
  CHECK(now.manifest.server_name == "io.github.ada/one");
  CHECK(now.readme_html == "<p>readme</p>");
  CHECK(now.version == 2);
  CHECK(now.history.back().action == "fetch");
  CHECK(now.history.back().actor == "node");
  // What was read for the version before, or says nothing new.
  CHECK(keep(made, found("io.github.ada/two")) == look_end::outdated);
  CHECK(keep(now, found("io.github.ada/one")) == look_end::unchanged);
  CHECK(find_submission(*c, made.id)->version == 2);
  // Its manifest was mended, and the submitter says so.
  const auto page = parse_repository_page("https://github.com/ada/one");
  revise_submission(*c, {made.id, {submission_action::revise, submission_role::submitter, "user ada", ""}, {}}, {page, {}, {}},
                    rules, by("user ada"));
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'submission_fetch'") == "2");
  CHECK(keep(*find_submission(*c, made.id), found("io.github.ada/one2")) == look_end::kept);
  CHECK(find_submission(*c, made.id)->manifest.server_name == "io.github.ada/one2");
  // Only of the job that still runs.
  db.sql("UPDATE jobs SET lease_token = '22222222-2222-2222-2222-222222222222'");
  CHECK_THROWS(keep(*find_submission(*c, made.id), found("io.github.ada/one3")));
}

TEST_CASE_METHOD(looking, "what is fetched from a repository that the submission no longer names is not kept") {
  const auto made = add("ada/one");
  revise_submission(*c, {made.id, {submission_action::revise, submission_role::submitter, "user ada", ""}, {}},
                    {parse_repository_page("https://github.com/ada/other"), {}, {}}, rules, by("user ada"));
  CHECK(keep(made, found("io.github.ada/one")) == look_end::outdated);
  CHECK(find_submission(*c, made.id)->manifest.server_name.empty());
}

TEST_CASE_METHOD(looking, "a manifest that somebody typed stays, and is told from the repository's own") {
  const auto made = add("ada/one", "io.github.ada/one");
  CHECK(made.manifest_origin == manifest_origin_kind::typed);
  CHECK(keep(made, {{}, manifest_origin_kind::differs, "<p>x</p>"}) == look_end::kept);
  const auto now = *find_submission(*c, made.id);
  CHECK(now.manifest_origin == manifest_origin_kind::differs);
  CHECK(now.readme_html == "<p>x</p>");
  CHECK(now.version == 1);
}

TEST_CASE_METHOD(looking, "a repository's manifest whose server waits or is listed already says so in its report") {
  const auto other = add_submission(*c, draft_of("io.github.ada/one"), rules, by("user eve")).id;
  const auto made = add("ada/one");
  CHECK(keep(made, found("io.github.ada/one")) == look_end::duplicate);
  const auto now = *find_submission(*c, made.id);
  CHECK_FALSE(now.manifest.valid);
  CHECK(now.manifest.server_name.empty());
  CHECK(now.manifest.report.find("submission " + std::to_string(other)) != std::string::npos);
  CHECK(now.history.back().reason.find("already") != std::string::npos);
  CHECK(step(now.id, submission_action::claim, submission_role::admin, "admin") == "none");
  CHECK(step(now.id, submission_action::approve, submission_role::admin, "admin") == "conflict /valid is false");
}

TEST_CASE_METHOD(looking, "a listed server is taken over by no submission, with a repository or without one") {
  const auto approve = [&](const submission_record& x) {
    step(x.id, submission_action::claim, submission_role::admin, "admin");
    return refusal_of([&] {
      move_submission(*c, {x.id, {submission_action::approve, submission_role::admin, "admin", ""}, {}}, rules, by("admin"),
                      [](pqxx::work& tx, const submission_record& y) { list_submitted_server(tx, y, by("admin")); });
    });
  };
  const auto manifest = [](const std::string& name, const std::string& version) {
    auto x = manifest_of(name);
    x.text = R"({"name":")" + name + R"(","description":"x","version":")" + version + R"("})";
    return x;
  };
  const auto list = [&](const std::string& name, const std::string& repository) {
    auto tx = pqxx::work{c->raw()};
    const auto what = read_manifest(std::string_view{manifest(name, "1.0.0").text});
    auto x = server_publication{};
    x.what = *what;
    x.text = manifest(name, "1.0.0").text;
    x.sha = "1";
    x.repository_url = repository;
    x.observed_at = noon;
    CHECK(publish_server(tx, x, by("node")) == published::listed);
    tx.commit();
  };
  // Submitted before it was listed, approved after.
  auto bare = draft_of("com.example/a");
  bare.manifest = manifest("com.example/a", "9.0.0");
  const auto taker = add_submission(*c, bare, rules, by("user eve"));
  list("com.example/a", "https://github.com/example/a");
  CHECK(approve(taker) == "conflict server com.example/a");
  // The other way round: a repository takes no server that has none.
  auto housed = draft_of("com.example/b");
  housed.manifest = manifest("com.example/b", "9.0.0");
  housed.repository = parse_repository_page("https://github.com/eve/b");
  const auto other = add_submission(*c, housed, rules, by("user eve"));
  list("com.example/b", "");
  CHECK(approve(other) == "conflict server com.example/b");
  {
    auto tx = pqxx::work{c->raw()};
    auto x = server_publication{};
    x.what = *read_manifest(std::string_view{manifest("com.example/a", "9.0.0").text});
    x.text = bare.manifest.text;
    x.sha = "2";
    x.observed_at = noon + std::chrono::hours{1};
    CHECK(publish_server(tx, x, by("admin")) == published::name_taken);
    x.what.name = "com.example/b";
    x.repository_url = "https://github.com/eve/b";
    CHECK(publish_server(tx, x, by("admin")) == published::name_taken);
  }
  CHECK(db.sql("SELECT count(*) FROM mcp_servers WHERE version = '1.0.0'") == "2");
}

TEST_CASE("of a withdrawal and an approval at once one is done") {
  testing::database db;
  auto c = db.connect();
  for (auto round = 0; round < 8; ++round) {
    const auto id = make(db, *c, submission_state::under_review);
    auto start = std::barrier{2};
    auto ends = std::array<std::string, 2>{};
    auto threads = std::vector<std::thread>{};
    for (auto i = std::size_t{0}; i < 2; ++i)
      threads.emplace_back([&, i] {
        auto own = db.connect();
        const auto action = i == 0 ? submission_action::withdraw : submission_action::approve;
        const auto role = i == 0 ? submission_role::submitter : submission_role::reviewer;
        const auto actor = std::string{i == 0 ? "user ada" : "reviewer ada"};
        start.arrive_and_wait();
        ends[i] = refusal_of([&] { move_submission(*own, {id, {action, role, actor, ""}, 1}, rules, by(actor)); });
      });
    for (auto& x : threads)
      x.join();
    CHECK((ends[0] == "none") != (ends[1] == "none"));
    CHECK(find_submission(*c, id)->state == (ends[0] == "none" ? submission_state::withdrawn : submission_state::approved));
  }
}

TEST_CASE("law 5: what nobody confirms counts for nothing, is not told of, and is forgotten") {
  testing::database db;
  auto c = db.connect();
  const auto few = submission_rules{.pending_max = 1, .daily_max = 50, .tells_webhook = true};
  const auto add = [&](const std::string& server, timestamp at = noon) {
    return add_submission(*c, draft_of(server, "email", "ada@example.org"), few, by("remote", at));
  };
  const auto first = add("com.example/a");
  add("com.example/b"); // though one may wait
  move_submission(*c, {first.id, {submission_action::withdraw, submission_role::submitter, "x", ""}, {}}, few, by("x"));
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'submission_webhook'") == "0");
  const auto late = add("com.example/c", noon + std::chrono::hours{40});
  const auto confirmed = add("com.example/d");
  move_submission(*c, {confirmed.id, {submission_action::confirm, submission_role::submitter, "x", ""}, {}}, few, by("x"));
  CHECK(forget_unconfirmed_submissions(*c, noon + unconfirmed_kept) == 0);
  CHECK(forget_unconfirmed_submissions(*c, noon + unconfirmed_kept + std::chrono::seconds{1}) == 2);
  CHECK(db.sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM submissions") ==
        std::to_string(late.id) + "," + std::to_string(confirmed.id));
  CHECK(db.sql("SELECT count(*) FROM submission_history") == "3");
  CHECK(db.sql("SELECT count(*) FROM submitters") == "1");
  CHECK(db.sql("SELECT count(*) FROM audit_log") == "6");
  db.sql("DELETE FROM submissions WHERE id = " + std::to_string(confirmed.id));
  CHECK(forget_unconfirmed_submissions(*c, noon + std::chrono::hours{100}) == 1);
  CHECK(db.sql("SELECT count(*) FROM submitters") == "0");
  CHECK(db.sql("SELECT count(*) FROM mails_unasked") == "0");
}

TEST_CASE("law 5: nobody is flooded by what others submit in his name, however they write it") {
  testing::database db;
  auto c = db.connect();
  const auto mails = [&] { return db.sql("SELECT count(*) FROM jobs WHERE kind = 'submission_mail'"); };
  auto n = 0;
  const auto add = [&](const std::string& kind, const std::string& email, timestamp at = noon) {
    auto draft = draft_of("com.example/s" + std::to_string(++n), kind, kind == "email" ? "ada@example.org" : "eve");
    draft.email = email;
    return refusal_of([&] { add_submission(*c, draft, {1000, 1000, false}, by("x", at)); });
  };
  for (auto i = 0; i < mails_unasked_max; ++i)
    CHECK(add("email", i % 2 == 0 ? "Ada@example.org" : "ada@example.org") == "none");
  CHECK(add("email", "aDa@example.org") == "rate_limited");
  CHECK(add("user", "ADA@example.org") == "none"); // without a mail
  CHECK(mails() == std::to_string(mails_unasked_max));
  CHECK(add("email", "ada@example.org", noon + std::chrono::hours{24}) == "none");
  CHECK(mails() == std::to_string(mails_unasked_max + 1));
}

TEST_CASE("whoever confirms after having unsubscribed gets mail again") {
  testing::database db;
  auto c = db.connect();
  auto draft = draft_of("com.example/a", "email", "ada@example.org");
  draft.email = "Ada@example.org";
  opt_out_of_mail(*c, "ADA@example.org", by("mail"));
  const auto id = add_submission(*c, draft, rules, by("remote")).id;
  CHECK_FALSE(wants_mail(*c, "ada@example.org"));
  move_submission(*c, {id, {submission_action::confirm, submission_role::submitter, "x", ""}, {}}, rules, by("x"));
  CHECK(wants_mail(*c, "ada@example.org"));
  CHECK(db.sql("SELECT count(*) FROM audit_log WHERE action = 'mail subscribed'") == "1");
}

TEST_CASE("law 5: the revisions of one submission are bounded") {
  testing::database db;
  auto c = db.connect();
  const auto id = add_submission(*c, draft_of("com.example/a"), rules, by("user ada")).id;
  const auto revise = [&](timestamp at) {
    return refusal_of([&] {
      revise_submission(*c, {id, {submission_action::revise, submission_role::submitter, "user ada", ""}, {}}, {{}, {}, "x"},
                        rules, by("user ada", at));
    });
  };
  for (auto i = 0u; i < submission_revisions_max; ++i)
    REQUIRE(revise(noon) == "none");
  CHECK(revise(noon) == "rate_limited");
  CHECK(revise(noon + std::chrono::hours{25}) == "none");
  CHECK(db.sql("SELECT count(*) FROM jobs WHERE kind = 'submission_fetch'") == "0"); // a note is no reason to ask GitHub
}

TEST_CASE("law 9: an address that wants no mail is kept as its digest") {
  testing::database db;
  auto c = db.connect();
  CHECK(wants_mail(*c, "ada@example.org"));
  opt_out_of_mail(*c, "ada@example.org", by("mail"));
  opt_out_of_mail(*c, "ada@example.org", by("mail"));
  CHECK_FALSE(wants_mail(*c, "ada@example.org"));
  CHECK_FALSE(wants_mail(*c, "Ada@Example.org"));
  CHECK(wants_mail(*c, "grace@example.org"));
  CHECK(db.sql("SELECT count(*) FROM mail_opt_outs m, audit_log a WHERE m::text LIKE '%ada@%' OR a::text LIKE '%ada@%'") == "0");
}
