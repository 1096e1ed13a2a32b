#include "actors/github_job.hpp"
#include "actors/submission_notifier.hpp"
#include "actors/submission_repository_job.hpp"
#include "model/mcp/manifest_validator.hpp"
#include "model/mcp/submission_notice.hpp"
#include "model/standard_webhooks.hpp"
#include "model/word_list.hpp"
#include "net/github/client.hpp"
#include "net/github/tokens.hpp"
#include "storage/submissions.hpp"
#include "tests/net/github/permits_at_hand.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/git_repository.hpp"
#include "tests/support/github_standin/github_standin.hpp"
#include "tests/support/local_http_server.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::testing;
using mcp::submission_action;
using mcp::submission_role;
using mcp::submission_state;

// The jobs of submissions, against a server that behaves as GitHub does.

namespace {

const auto noon = *parse_rfc3339("2026-05-01T12:34:56Z");
const auto rules = storage::submission_rules{.pending_max = 100, .daily_max = 100, .tells_webhook = true};
constexpr auto secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

std::string manifest(const std::string& version, const std::string& name = "io.github.octo/weather") {
  return R"({"$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json", "name": ")" + name +
         R"(", "description": "Tells the weather.", "version": ")" + version +
         R"(", "repository": {"url": "https://github.com/octo/weather", "source": "github"}})";
}

struct submitting {
  testing::database db;
  telemetry::metrics counters{"test"};
  context_ptr shared = std::make_shared<node_context>(settings{}, counters);
  node_context& context = *shared;
  temporary_folder folder;
  bare_repository repository{folder.path() / "weather.git"};
  github_standin standin;
  permits_at_hand limiter;

  submitting() {
    standin.add_token("ghp_submissions", {.login = "operator", .user_id = 1});
    auto hosted = hosted_repository{};
    hosted.owner = "octo";
    hosted.name = "weather";
    hosted.path = repository.path();
    standin.add(hosted);
    context.config.database = db.settings();
    context.config.github_api.url = standin.api_url();
    context.config.github_api.token = "ghp_submissions";
    context.config.submissions.notify_secret = secret;
    context.config.notify.private_addresses = true;
    context.config.notify.timeout = std::chrono::seconds{5};
    context.now = [] { return noon; };
    context.open_connection = [this] { return db.connect(); };
    context.github = std::make_shared<github::client>(context.config.github_api);
    context.permits = std::shared_ptr<github::permits>{&limiter, [](auto*) {}};
    context.tokens = std::make_shared<github::tokens>(context.config.github_api, *context.github, *context.permits,
                                                      github::credential_book{}, context.now);
    context.manifests = std::make_shared<const mcp::manifest_validator>(context.config.mcp.default_schema,
                                                                        words_in(context.config.mcp.accepted_schemas));
  }

  storage::submission_record submit(const std::string& typed = "") {
    auto draft = storage::submission_draft{};
    draft.by = {"user", "ada"};
    draft.repository = mcp::parse_repository_page("https://github.com/octo/weather");
    if (!typed.empty())
      draft.manifest = mcp::judge_submitted_manifest(*context.manifests, typed, draft.repository);
    return storage::add_submission(*db.connect(), draft, rules, {"user ada", noon});
  }

  storage::submission_record row(std::int64_t id) { return *storage::find_submission(*db.connect(), id); }

  void move(std::int64_t id, submission_action action) {
    storage::move_submission(*db.connect(), {id, {action, submission_role::admin, "admin", "why"}, {}}, rules, {"admin", noon});
  }

  /// The newest job of a kind, as it is run.
  claimed_job job(const std::string& kind) {
    const auto token = std::string{"11111111-1111-1111-1111-111111111111"};
    const auto id = db.sql("UPDATE jobs SET state = 'running', lease_token = '" + token +
                           "', lease_until = now() + interval '1 hour' WHERE id = (SELECT max(id) FROM jobs WHERE kind = '" +
                           kind + "') RETURNING id");
    auto out = claimed_job{};
    out.lease = {std::stoll(id), token, db.sql("SELECT key FROM jobs WHERE id = " + id)};
    out.kind = kind;
    out.payload = db.sql("SELECT payload::text FROM jobs WHERE id = " + id);
    out.attempt = 1;
    return out;
  }

  std::string run(job_outcome (*work)(const claimed_job&, const node_context&), const std::string& kind) {
    const auto end = attempt_github_work(work, job(kind), context);
    if (const auto* good = std::get_if<job_succeeded>(&end))
      return good->result;
    return std::string{result_label(end)};
  }
  std::string look() { return run(look_at_submitted_repository, mcp::submission_fetch_kind); }
};

} // namespace

TEST_CASE_METHOD(submitting, "a submitted repository's manifest and README are read, where the settings say") {
  context.config.mcp.manifest_paths = "packages/a/server.json server.json";
  repository.commit({{"packages/a/server.json", "100644", manifest("1.0.0")},
                     {"server.json", "100644", manifest("9.9.9")},
                     {"README.md", "100644", "# Weather\n\n<script>alert(1)</script>\n"}});
  const auto made = submit();
  CHECK(look() == R"({"outcome":"kept"})");
  const auto now = row(made.id);
  CHECK(now.manifest.server_name == "io.github.octo/weather");
  CHECK(now.manifest.text == manifest("1.0.0"));
  CHECK(now.manifest.valid);
  CHECK(now.version == 2);
  CHECK(now.readme_html.find("Weather</h1>") != std::string::npos);
  CHECK(now.readme_html.find("<script") == std::string::npos);
  CHECK(look() == R"({"outcome":"unchanged"})");
}

TEST_CASE_METHOD(submitting, "a typed manifest is compared with the one that its repository has") {
  repository.commit({{"README.md", "100644", "# x\n"}});
  const auto id = submit(manifest("1.0.0")).id;
  look();
  CHECK(row(id).manifest_origin == mcp::manifest_origin_kind::absent);
  repository.commit(
      {{"server.json", "100644", manifest("1.0.0", "io.github.octo/another")}, {"mcp.json", "100644", manifest("2.0.0")}});
  look();
  CHECK(row(id).manifest_origin == mcp::manifest_origin_kind::differs);
  repository.commit({{"mcp.json", "100644", manifest("1.0.0") + "\n"}});
  look();
  CHECK(row(id).manifest_origin == mcp::manifest_origin_kind::repository);
  CHECK(row(id).manifest.text == manifest("1.0.0"));
}

TEST_CASE_METHOD(submitting,
                 "law 6: a submitted repository without a manifest, and one that is not there, say so in the report") {
  repository.commit({{"server.json", "100644", "\xFF\xFE"}});
  const auto id = submit().id;
  CHECK(look() == R"({"outcome":"kept"})");
  CHECK(row(id).manifest.report.find("the repository has no manifest at server.json, mcp.json") != std::string::npos);
  CHECK_FALSE(row(id).manifest.valid);
  CHECK(look() == R"({"outcome":"unchanged"})");
  const auto page = mcp::parse_repository_page("https://github.com/octo/nothing");
  storage::revise_submission(*db.connect(), {id, {submission_action::revise, submission_role::submitter, "user ada", ""}, {}},
                             {page, {}, {}}, rules, {"user ada", noon});
  CHECK(look() == R"({"outcome":"kept"})");
  CHECK(row(id).manifest.report.find("no manifest") != std::string::npos);
}

TEST_CASE_METHOD(submitting, "law 4: what was fetched before a revision is not kept after it") {
  repository.commit({{"server.json", "100644", manifest("1.0.0")}});
  const auto id = submit().id;
  const auto old = job(mcp::submission_fetch_kind);
  // The submission changes while the repository is read.
  auto opened = 0;
  const auto page = mcp::parse_repository_page("https://github.com/octo/other");
  context.now = [&] {
    if (++opened == 1)
      storage::revise_submission(*db.connect(), {id, {submission_action::revise, submission_role::submitter, "user ada", ""}, {}},
                                 {page, {}, {}}, rules, {"user ada", noon});
    return noon;
  };
  CHECK(result_label(attempt_github_work(look_at_submitted_repository, old, context)) == "transient");
  CHECK(row(id).manifest.server_name.empty());
  CHECK(row(id).repository_url == "https://github.com/octo/other");
}

TEST_CASE_METHOD(submitting, "the repository of an approved submission is followed, once") {
  repository.commit({{"server.json", "100644", manifest("1.0.0")}});
  const auto id = submit().id;
  look();
  move(id, submission_action::claim);
  move(id, submission_action::approve);
  CHECK(run(track_submitted_repository, mcp::submission_track_kind) == R"({"outcome":"followed"})");
  CHECK(db.sql("SELECT owner || '/' || name FROM provider_repositories") == "octo/weather");
  CHECK(run(track_submitted_repository, mcp::submission_track_kind) == R"({"outcome":"followed already"})");
  CHECK(db.sql("SELECT count(*) FROM provider_repositories") == "1");
}

TEST_CASE_METHOD(submitting, "a webhook is told of a submission, signed, until it has taken it") {
  submit(manifest("1.0.0"));
  const auto told = job(mcp::submission_webhook_kind);
  {
    local_http_server server{503, "{}"};
    context.config.submissions.notify_url = server.url();
    CHECK(result_label(notify_of_submission(told, context)) == "transient");
  }
  local_http_server server{204, ""};
  context.config.submissions.notify_url = server.url() + "/hook";
  auto again = told;
  again.attempt = 2;
  CHECK(result_label(notify_of_submission(again, context)) == "succeeded");
  const auto requests = server.requests();
  REQUIRE(requests.size() == 1);
  const auto header = [&](const std::string& name) {
    const auto from = requests[0].find("\r\n" + name + ": ") + name.size() + 4;
    return requests[0].substr(from, requests[0].find("\r\n", from) - from);
  };
  const auto id = header("webhook-id"), at = header("webhook-timestamp"), signature = header("webhook-signature");
  CHECK(id == "msg_" + std::to_string(told.lease.id));
  CHECK(requests[0].ends_with("\r\n\r\n" + told.payload));
  CHECK(standard_webhooks::verify(*standard_webhooks::parse_secret(secret), {id, at, signature}, told.payload, noon) ==
        fault::none);
  local_http_server gone{410, ""};
  context.config.submissions.notify_url = gone.url();
  CHECK(result_label(notify_of_submission(told, context)) == "permanent");
}
