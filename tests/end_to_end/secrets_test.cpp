#include "tests/support/catch.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"
#include "tests/support/sql.hpp"

#include "config/secrets.hpp"
#include "storage/cluster.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

using namespace ingot::testing;

namespace {

const std::vector<std::string> secrets{std::string{webhook_secret}, "previous-51b7", "of-an-endpoint-8a2e",
                                       std::string{admin_token}, "database-password-9c3d"};

void check_holds_no_secret(const std::string& what, const std::string& text) {
  for (const auto& secret : secrets) {
    INFO(what << " holds " << secret);
    CHECK(text.find(secret) == std::string::npos);
  }
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

TEST_CASE("law 9: no secret stands in a log, an answer, a command's output or the audit log") {
  scratch_folder scratch;
  ingot::storage::embedded_cluster database{scratch.path()};
  auto url = database.url();
  url += url.starts_with("postgres") ? "&password=database-password-9c3d" : " password=database-password-9c3d";
  node running{
      {.toml = "[[github.endpoint]]\nname = \"other\"\nsecret = \"of-an-endpoint-8a2e\"\n",
       .environment = {{"LOG_LEVEL", "trace"}, {"DATABASE_URL", url}, {"GITHUB_WEBHOOK_SECRET_PREVIOUS", "previous-51b7"}}}};
  auto client = running.client();
  auto body = text_of(example_of("pull_request"));
  std::string answers;
  auto keep = [&](const http_answer& x) {
    answers += x.body;
    for (const auto& [name, value] : x.headers)
      answers += name + ": " + value + "\n";
  };
  keep(deliver(client, "pull_request", new_delivery_id(), std::string_view{body}));
  keep(client.request("POST", "/webhook", delivery_headers("push", new_delivery_id(), body, "wrong"), body));
  keep(client.request("POST", "/webhook", {{"X-Hub-Signature-256", std::string{webhook_secret}}}, body));
  for (const char* path : {"/health", "/ready", "/metrics", "/openapi.json", "/nowhere"})
    keep(client.request("GET", path, {{"Authorization", "Bearer " + std::string{admin_token}}}));
  for (const char* path : {"/nowhere", "/metrics", "/webhook"})
    keep(client.request("GET", path, {{"Authorization", "Bearer nearly-" + std::string{admin_token}}}));
  check_holds_no_secret("an answer", answers);

  // A database that fails is the moment in which addresses are logged.
  for (const auto& row :
       sql{url}.rows("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"))
    ::kill(static_cast<pid_t>(std::stol(*row[0])), SIGTERM);
  CHECK(deliver(client, "pull_request", new_delivery_id(), std::string_view{body}).status == 200);
  sql db{url};
  std::string audit;
  for (const auto& row : db.rows("SELECT a::text FROM audit_log a"))
    audit += *row[0];
  check_holds_no_secret("the audit log", audit);
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"check-config"}, {"check-config", "--explain"}, {"doctor"}, {"deliveries", "list"}})
    check_holds_no_secret("ingot " + arguments[0], run_ingot(arguments, running.environment()).output);

  running.signal(SIGTERM);
  CHECK(running.wait(std::chrono::seconds{30}) == 0);
  check_holds_no_secret("the log", running.log());
  CHECK(running.log().size() > 1000);
}

TEST_CASE("law 9: generated secrets are kept with mode 0600 and live, and no log that takes the output has them") {
  node running{
      {.arguments = {"serve", "--generate-secrets"}, .environment = {{"GITHUB_WEBHOOK_SECRET", ""}, {"INGOT_ADMIN_TOKEN", ""}}}};
  std::vector<std::string> generated;
  for (auto name : {ingot::webhook_secret_file, ingot::admin_token_file}) {
    auto file = running.data_dir() / name;
    struct stat about {};
    INFO(file);
    REQUIRE(::stat(file.c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);
    auto text = read_file(file);
    text.erase(text.find_last_not_of(" \n") + 1);
    CHECK(text.size() >= 32);
    generated.push_back(text);
  }
  auto first_log = running.log();
  running.kill();
  running.start();
  auto second_log = running.log().substr(first_log.size());
  CHECK(first_log.find("made just now, kept in ") != std::string::npos);
  for (const auto& secret : generated) {
    CHECK(first_log.find(secret) == std::string::npos); // which is a file here, as it is a journal under systemd
    CHECK(second_log.find(secret) == std::string::npos);
  }
  auto client = running.client();
  auto body = text_of(example_of("push"));
  CHECK(client.request("POST", "/webhook", delivery_headers("push", new_delivery_id(), body, generated[0]), body).status == 200);
  CHECK(running.client().get("/ready").status == 200);
}
