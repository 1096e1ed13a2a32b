#include "bench/job_world.hpp"

#include "config/secrets.hpp"
#include "model/base64.hpp"
#include "model/signature.hpp"
#include "storage/sites.hpp"
#include "tests/support/http_client.hpp"

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace ingot::bench {

namespace {

using testing::http_client;
using testing::http_error;

constexpr auto github_token = "ghp_jobWorldToken";
constexpr auto cron_secret = "bench-cron-secret";
constexpr auto hook = "forge/anvil/7";

/// Of a node that may have stopped while it answers.
constexpr auto answer_patience = std::chrono::seconds{2};

std::string webhook_key() {
  return "whsec_" + to_base64("bench-webhook-signing-key");
}

std::string text_of(const std::filesystem::path& file) {
  auto in = std::ifstream{file};
  auto out = std::stringstream{};
  out << in.rdbuf();
  return out.str();
}

std::vector<testing::file_edit> first_files() {
  const auto manifest = R"({"$schema":"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",)"
                        R"("name":"io.github.forge/anvil","description":"Strikes","version":"1.0.0",)"
                        R"("repository":{"url":"https://github.com/forge/anvil","source":"github"}})";
  return {{"README.md", "100644", "# Anvil\n", {}}, {"server.json", "100644", manifest, {}}};
}

} // namespace

job_world::job_world(const std::filesystem::path& binary, const std::filesystem::path& folder)
    : binary_{binary}, folder_{folder}, cluster_{folder / "database"}, repository_{folder / "anvil.git"} {
  github_.add_token(github_token, {.login = "bench", .user_id = 1});
  auto rules = testing::budget_rules{};
  rules.core = rules.graphql = 1'000'000;
  rules.points_per_minute = rules.graphql_points_per_minute = 100'000;
  github_.set_budget(rules);
  repository_.commit(first_files());
  auto hosted = testing::hosted_repository{};
  hosted.id = 7001; // of the example of a delivery
  hosted.owner = "forge";
  hosted.name = "anvil";
  hosted.path = repository_.path();
  hosted.pulls[5] = {{"src/a.cpp", "modified", "", std::string(40, 'a'), 3, 1}};
  github_.add(hosted);
  prepare();
}

const std::vector<std::string>& job_world::kinds() {
  static const auto all = std::vector<std::string>{"site_sync",
                                                   "site_notify",
                                                   "notify",
                                                   "stripe_check",
                                                   "rollup",
                                                   "releases_fetch",
                                                   "search_rebuild",
                                                   "content_sync",
                                                   "blob_sweep",
                                                   "content_notify",
                                                   "content_check",
                                                   "installation_sync",
                                                   "pull_request_files",
                                                   "manifest_check",
                                                   "delivery_check",
                                                   "nightly_run",
                                                   "nightly_alert",
                                                   "submission_mail",
                                                   "submission_webhook",
                                                   "submission_fetch",
                                                   "submission_track",
                                                   "noop"};
  return all;
}

running_node job_world::start(const std::string& name, std::map<std::string, std::string> more) {
  more.insert({{"DATABASE_URL", cluster_.url()},
               {"INGOT_MASTER_KEY", to_base64(std::string(32, 'k'))},
               {"INGOT_BLOBS_FOLDER", (folder_ / "blobs").string()},
               {"INGOT_JOBS_NOOP", "true"},
               {"INGEST_APP_TOKEN", "bench-application-token"},
               {"CRON_SECRET", cron_secret},
               {"GITHUB_TOKEN", github_token},
               {"INGOT_GITHUB_API_URL", github_.api_url()},
               {"INGOT_GITHUB_API_WEB_URL", github_.web_url()},
               {"INGOT_GITHUB_API_HOOK", hook},
               {"INGOT_NOTIFY_PRIVATE_ADDRESSES", "true"},
               {"INGOT_APPLICATION_NOTIFY_URL", receiver_.url() + "/application"},
               {"INGOT_APPLICATION_NOTIFY_SECRET", webhook_key()},
               {"INGOT_CONTENTS_CHANGES_URL", receiver_.url() + "/changes"},
               {"INGOT_CONTENTS_CHANGES_SECRET", webhook_key()},
               {"INGOT_NIGHTLY_ALERT_URL", receiver_.url() + "/alert"},
               {"INGOT_NIGHTLY_ALERT_SECRET", webhook_key()},
               {"INGOT_SUBMISSIONS_NOTIFY_URL", receiver_.url() + "/submission"},
               {"INGOT_SUBMISSIONS_NOTIFY_SECRET", webhook_key()},
               {"STRIPE_SECRET_KEY", "sk_test_bench"},
               {"INGOT_STRIPE_API_URL", receiver_.url()},
               {"INGOT_DRUPAL_RELEASES_URL", receiver_.url() + "/releases"},
               // Nothing by the clock: each job is asked for.
               {"INGOT_STRIPE_CHECK_INTERVAL_MS", "0"},
               {"INGOT_ROLLUP_INTERVAL_MS", "0"},
               {"INGOT_BLOBS_SWEEP_INTERVAL_MS", "0"},
               {"INGOT_CONTENTS_FALLBACK_INTERVAL_MS", "0"},
               {"INGOT_GITHUB_API_DELIVERIES_INTERVAL_MS", "0"},
               {"INGOT_NIGHTLY_SCHEDULE", "never"},
               {"LOG_LEVEL", "info"}});
  return {binary_, folder_ / name, more};
}

void job_world::prepare() {
  auto node = start("first");
  db_ = std::make_unique<database>(cluster_.url());
  const auto settings = database_settings{};
  auto connection = storage::connection{cluster_.url(), settings};
  const auto by = storage::operator_action{"a benchmark", {}};
  site_id_ = storage::add_site(connection, "a site", std::nullopt, by);
  site_key_ = storage::create_key(connection, site_id_, "", random_bytes(), by).text;

  auto client = http_client{node.port()};
  const auto expect = [](const testing::http_answer& x, int status) {
    if (x.status != status)
      throw std::runtime_error{"a request of the preparation answered " + std::to_string(x.status) + ": " + x.body};
  };
  const auto as_admin = testing::header{"Authorization", std::string{"Bearer "} + admin_token};
  expect(client.request("POST", "/api/v1/repositories", {as_admin}, R"({"provider":"github","owner":"forge","name":"anvil"})"),
         201);
  const auto body = text_of(std::filesystem::path{INGOT_SOURCE_DIR} / "tests/support/examples/pull_request.json");
  expect(client.request("POST", "/webhook",
                        {{"Content-Type", "application/json"},
                         {"X-GitHub-Event", "pull_request"},
                         {"X-GitHub-Delivery", "00000000-0000-4000-8000-000000000001"},
                         {"X-Hub-Signature-256", github_signature(webhook_secret, body)}},
                        body),
         200);
  db_->run(
      "INSERT INTO submissions (state, submitter_kind, submitter, repository_url, repository_key, manifest_origin, created_at, "
      "updated_at, confirmed_at) VALUES ('submitted', 'user', 'ada', 'https://github.com/forge/anvil', 'github.com/forge/anvil', "
      "'repository', now(), now(), now())");
  submission_id_ = db_->number("SELECT max(id) FROM submissions");
  repository_id_ = db_->number("SELECT max(id) FROM provider_repositories");
  if (!rests(std::chrono::minutes{1}))
    throw std::runtime_error{"the jobs of the preparation do not end"};
}

void job_world::enqueue(const std::string& kind, const std::string& key, const std::string& payload) {
  db_->run(
      "WITH added AS (INSERT INTO jobs (kind, key, payload) VALUES ('" + kind + "', '" + key + "', '" + payload +
      "') RETURNING id, kind, key, priority, run_at) "
      "INSERT INTO job_lanes (key, job_id, kind, priority, run_at, jobs) SELECT key, id, kind, priority, run_at, 1 FROM added");
}

void job_world::ask(std::uint16_t port, const std::string& path, const std::string& body,
                    std::vector<std::pair<std::string, std::string>> headers) {
  headers.emplace_back("Content-Type", "application/json");
  try {
    const auto answer = http_client{port, answer_patience}.request("POST", path, {headers.begin(), headers.end()}, body);
    if (answer.status >= 300)
      throw std::runtime_error{path + " answered " + std::to_string(answer.status) + ": " + answer.body};
  } catch (const http_error&) {
    // It has stopped or fallen with the job in its hands, as it was to.
  }
}

void job_world::provoke(const std::string& kind, std::uint16_t port) {
  const auto number = std::to_string(++provoked_);
  const auto repository = std::to_string(repository_id_), site = std::to_string(site_id_);
  const auto submission = R"({"submission":)" + std::to_string(submission_id_);
  const auto cron = std::pair<std::string, std::string>{"X-Cron-Secret", cron_secret};
  if (kind == "site_sync") {
    char at[64];
    std::snprintf(at, sizeof at, "2024-05-01T%02lld:%02lld:%02lldZ", static_cast<long long>(provoked_ / 3600),
                  static_cast<long long>(provoked_ / 60 % 60), static_cast<long long>(provoked_ % 60));
    return ask(port, "/api/v1/sites/" + site + "/modules/sync",
               R"({"site_info":{"name":"Forge","environment":"live"},"modules":[{"machine_name":"m","name":"m","type":"contrib",)"
               R"("version":"1.0.)" +
                   number + R"(","status":true}],"sync_timestamp":")" + at +
                   R"(","drupal_version":"10.3.0","php_version":"8.2.7"})",
               {{"X-API-Key", site_key_}, {"Prefer", "respond-async"}});
  }
  if (kind == "rollup")
    return ask(port, "/cron/rollup", R"({"force":true})", {cron, {"Prefer", "respond-async"}});
  if (kind == "search_rebuild")
    return ask(port, "/cron/rebuild-search", "", {cron});
  if (kind == "nightly_run")
    return ask(port, "/api/v1/admin/nightly-runs", "", {{"Authorization", std::string{"Bearer "} + admin_token}});
  if (kind == "content_sync") {
    repository_.commit({{"number.txt", "100644", number + "\n", {}}});
    return enqueue(kind, "contents/" + repository, R"({"repository":)" + repository + R"(,"trigger":"manual","full":true})");
  }
  if (kind == "submission_fetch" || kind == "submission_track")
    db_->run("UPDATE submissions SET state = '" + std::string{kind == "submission_fetch" ? "submitted" : "approved"} + "'");
  const auto payloads = std::map<std::string, std::pair<std::string, std::string>>{
      {"site_notify", {"site/" + site + "/notify", R"({"type":"sync"})"}},
      {"releases_fetch", {"drupal/releases/token", R"({"project":"token"})"}},
      {"content_check", {"contents/check/" + repository, R"({"repositories":[)" + repository + "]}"}},
      {"installation_sync", {"github/installation/7", R"({"installation":7,"added":[]})"}},
      {"pull_request_files",
       {"files/7001/5", R"({"repository_id":7001,"number":5,"head_sha":"1f0c9a3e5b7d2846ac1e0f9d8b7c6a5443322110"})"}},
      {"manifest_check", {"manifests/" + repository, R"({"repository":)" + repository + R"(,"trigger":"manual","full":true})"}},
      {"submission_mail", {"submission/mail", submission + R"(,"action":"approved","state":"approved","reason":""})"}},
      {"submission_fetch", {"submission/fetch", submission + "}"}},
      {"submission_track", {"submission/track", submission + "}"}}};
  const auto found = payloads.find(kind);
  if (found != payloads.end())
    return enqueue(kind, found->second.first, found->second.second);
  enqueue(kind, kind + "/" + number, "{}");
}

bool job_world::at_rest() {
  return db_->number("SELECT count(*) FROM job_lanes") == 0;
}

bool job_world::rests(std::chrono::seconds patience) {
  for (const auto end = std::chrono::steady_clock::now() + patience; !at_rest();
       std::this_thread::sleep_for(std::chrono::milliseconds{5}))
    if (std::chrono::steady_clock::now() > end)
      return false;
  return true;
}

std::map<std::string, std::string> job_world::contents() {
  auto out = std::map<std::string, std::string>{};
  const auto names =
      db_->value("SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = "
                 "'public'::regnamespace AND relname NOT LIKE 'rate\\_%' AND relname <> 'audit_chain'");
  auto list = std::istringstream{names};
  for (auto name = std::string{}; list >> name;)
    out[name] =
        db_->value(name == "audit_log"
                       // That a sync was stored its node says within a second: late, when it is stopped before.
                       ? "SELECT count(*) FROM audit_log WHERE details->>'reason' IS DISTINCT FROM 'stored as a job'"
                       : "SELECT count(*) || ' ' || COALESCE(md5(string_agg(t.xmin || ' ' || t::text, ',' ORDER BY t.ctid)), '') "
                         "FROM " +
                             name + " t");
  return out;
}

} // namespace ingot::bench
