#include "bench/faults/fault_world.hpp"

#include "bench/faults/bodies.hpp"
#include "bench/libpq_environment.hpp"
#include "config/master_keys.hpp"
#include "storage/credentials.hpp"
#include "tests/support/sql.hpp"

#include <csignal>
#include <stdexcept>

namespace ingot::faults {

using testing::node;

namespace {

const std::string github_token = "ghp_faultRunsToken4f8d21";
constexpr auto master_key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

std::vector<testing::header> as_admin() {
  return {{"Authorization", "Bearer " + std::string{testing::admin_token}}, {"Content-Type", "application/json"}};
}

/// The socket that the server of a connection string listens on.
std::string socket_of(const std::string& url) {
  const auto where = bench::libpq_environment(url);
  const auto port = where.find("PGPORT");
  return where.at("PGHOST") + "/.s.PGSQL." + (port == where.end() ? "5432" : port->second);
}

void expect(const testing::http_answer& x, int status, const char* what) {
  if (x.status != status)
    throw std::runtime_error{std::string{what} + " answered " + std::to_string(x.status) + ": " + x.body};
}

} // namespace

fault_world::fault_world(const world_settings& of) : database_{std::make_unique<testing::database_outside>()} {
  {
    testing::sql db{database_->url()};
    db.run("ALTER SYSTEM SET max_connections = 200"); // of three nodes, and of the oracle
  }
  database_->stop();
  database_->start();
  standin.add_token(github_token, {.login = "operator", .user_id = 1});
  auto rules = testing::budget_rules{};
  rules.core = rules.graphql = requests_per_window;
  rules.window_seconds = window_s;
  rules.points_per_minute = rules.graphql_points_per_minute = requests_per_window;
  standin.set_budget(rules);
  for (auto i = 0u; i < of.nodes; ++i)
    nodes.push_back(std::make_unique<fault_node>(
        testing::node_options{.environment = environment_of(of), .binary = of.binary, .start = false},
        socket_of(database_url())));
  auto& first = nodes.front()->process();
  first.start();
  for (auto i = std::size_t{0}; i < of.sites; ++i)
    sites.push_back(testing::make_site(database_->url(), "site " + std::to_string(i)));
  for (auto i = std::size_t{0}; i < of.sources; ++i)
    expect(first.client().request("POST", "/api/v1/admin/sources", as_admin(),
                                  R"({"id":")" + crawl_source(static_cast<std::int64_t>(i)) + "\"}"),
           201, "a new source");
  if (of.followed > 0) {
    followed = std::make_unique<followed_repositories>(standin, folder_.path(), of.followed);
    follow_all();
  }
  first.kill();
}

std::map<std::string, std::string> fault_world::environment_of(const world_settings& of) {
  auto out = of.environment;
  const std::map<std::string, std::string> usual{
      {"INGOT_DATABASE_STATEMENT_TIMEOUT_MS", "1000"},
      {"INGOT_DATABASE_CONNECT_TIMEOUT_MS", "1000"},
      {"INGOT_DATABASE_PROBE_INTERVAL_MS", "100"},
      {"INGOT_SPOOL_DRAIN_ITEMS", "32"},
      {"INGOT_MASTER_KEY", master_key},
      {"INGOT_BLOBS_FOLDER", blobs().string()},
      {"INGOT_BLOBS_GRACE_MS", "500"},
      {"INGOT_SERVER_TRUSTED_PROXIES", "127.0.0.1"},
      {"INGOT_SITES_SYNCS_PER_HOUR", "0"},
      {"INGOT_EVENTS_REQUESTS_PER_MINUTE", "0"},
      {"INGOT_CRAWL_REQUESTS_PER_MINUTE", "0"},
      {"INGOT_GITHUB_API_URL", standin.api_url()},
      {"INGOT_GITHUB_API_WEB_URL", standin.web_url()},
      {"INGOT_GITHUB_API_TIMEOUT_MS", "2000"},
      {"INGOT_GITHUB_API_POINTS_PER_MINUTE", std::to_string(requests_per_window * 8 / 9)}, // as 800 of GitHub's 900
      {"INGOT_GITHUB_API_PERMIT_WAIT_MAX_MS", "2000"},
      {"GITHUB_TOKEN", github_token},
      {"INGOT_CONTENTS_FALLBACK_INTERVAL_MS", "0"},
      {"INGOT_CONTENTS_PRIVATE_ADDRESSES", "true"},
      {"INGOT_NIGHTLY_BATCH", "2"},
      {"INGOT_JOBS_POLL_INTERVAL_MS", "50"},
      {"INGOT_JOBS_LEASE_MS", std::to_string(of.lease.count())},
      {"INGOT_JOBS_OTHER_ATTEMPTS_MAX", "1000"},
      {"INGOT_JOBS_OTHER_BACKOFF_BASE_MS", "20"},
      {"INGOT_JOBS_OTHER_BACKOFF_CAP_MS", "200"},
      {"INGOT_JOBS_CONTENT_SYNC_ATTEMPTS_MAX", "1000"},
      {"INGOT_JOBS_CONTENT_SYNC_BACKOFF_BASE_MS", "20"},
      {"INGOT_JOBS_CONTENT_SYNC_BACKOFF_CAP_MS", "200"},
      {"LOG_LEVEL", "warn"}};
  out.insert(usual.begin(), usual.end());
  return out;
}

/// A token for each repository, and with it a limit of its own: what a killed node has leased of one is nobody's for more than a
/// minute, and here nodes are killed oftener than that.
void fault_world::follow_all() {
  auto settings = ingot::settings{};
  settings.master_key = master_key;
  const auto keys = master_keys{settings};
  auto link = storage::connection{database_->url(), settings.database};
  testing::sql db{database_->url()};
  for (auto i = std::size_t{0}; i < followed->size(); ++i) {
    auto credential = storage::new_credential{};
    credential.account = "owner" + std::to_string(i);
    credential.access_token = github_token + std::to_string(i);
    standin.add_token(credential.access_token, {.login = credential.account, .user_id = 100 + static_cast<std::int64_t>(i)});
    const auto id = storage::put_credential(link, keys, credential, {"the fault run", {}}).id;
    expect(nodes.front()->process().client().request("POST", "/api/v1/repositories", as_admin(),
                                                     R"({"provider":"github","owner":")" +
                                                         std::string{followed_repositories::owner} + R"(","name":")" +
                                                         followed->name(i) + R"(","credentialId":)" + std::to_string(id) + '}'),
           201, "following a repository");
  }
  if (!testing::eventually(
          [&] {
            return db.number("SELECT count(*) FROM provider_repositories WHERE complete") ==
                   static_cast<std::int64_t>(followed->size());
          },
          std::chrono::seconds{60}))
    throw std::runtime_error{"the first syncs did not end:\n" + nodes.front()->process().log()};
}

void fault_world::restart_database() {
  ::kill(database_->cluster->pid(), SIGQUIT);
  database_->stop();
  database_->start();
}

pid_t fault_world::some_backend(std::uint64_t any) const {
  testing::sql db{database_->url()};
  const auto all = db.rows("SELECT pid FROM pg_stat_activity WHERE datname = 'ingot' AND pid <> pg_backend_pid() AND "
                           "application_name LIKE 'ingot%' ORDER BY pid");
  return all.empty() ? 0 : static_cast<pid_t>(std::stol(*all[any % all.size()][0]));
}

} // namespace ingot::faults
