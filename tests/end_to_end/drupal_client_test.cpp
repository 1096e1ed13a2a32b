#include "tests/support/catch.hpp"
#include "tests/support/node.hpp"
#include "tests/support/sites.hpp"
#include "tests/support/sql.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sys/wait.h>

using namespace ingot::testing;

namespace {

const std::string documents = std::string{INGOT_SOURCE_DIR} + "/docs/integrations/";

std::string text_of_file(const std::string& path) {
  auto in = std::ifstream{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The documented client, run with a key, writing into a folder of the test's own.
class php_client {
public:
  explicit php_client(const node& to) : to_{to} {}

  static bool available() { return std::system("php -v >/dev/null 2>&1") == 0; }

  /// Its exit code.
  int run(const test_site& as, const std::string& key, const std::string& file, const std::string& options = "") const {
    const auto command = "INGOT_API_KEY=" + key + " php " + documents +
                         "ingot-sync.php http://127.0.0.1:" + std::to_string(to_.port()) + " " + std::to_string(as.id) + " " +
                         file + " " + options + " >" + output() + " 2>&1";
    const auto status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string said() const { return text_of_file(output()); }
  std::string file(const std::string& name, const std::string& text) const {
    const auto path = (folder_.path() / name).string();
    std::ofstream{path} << text;
    return path;
  }

private:
  std::string output() const { return (folder_.path() / "output").string(); }

  const node& to_;
  scratch_folder folder_;
};

} // namespace

TEST_CASE("the documented example inventory syncs, and the same again changes nothing") {
  node running;
  auto client = running.client();
  const auto site = make_site(running.database_url());
  auto body = boost::json::parse(text_of_file(documents + "example-inventory.json")).as_object();
  for (const auto* outcome : {"applied", "unchanged"}) {
    body["sync_timestamp"] = "2026-05-01T10:00:00Z";
    const auto answer = sync(client, site, boost::json::serialize(body));
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    CHECK(object_of(answer).at("outcome").as_string() == outcome);
    CHECK(object_of(answer).at("processed_count").to_number<int>() == 3);
  }
}

TEST_CASE("the documented release history tells that the documented inventory misses a security update") {
  node running;
  auto client = running.client();
  const auto site = make_site(running.database_url());
  auto body = boost::json::parse(text_of_file(documents + "example-inventory.json")).as_object();
  body["sync_timestamp"] = "2026-05-01T10:00:00Z";
  REQUIRE(sync(client, site, boost::json::serialize(body)).status == 200);
  REQUIRE(run_ingot({"drupal", "releases", "import", documents + "example-releases.xml"}, running.environment()).exit_code == 0);
  CHECK(sql{running.database_url()}.text("SELECT string_agg(machine_name, ',') FROM site_modules_current WHERE "
                                         "needs_security_update") == "token");
}

TEST_CASE("the documented PHP client syncs whole and in differences, and tells what went wrong by its exit code") {
  if (!php_client::available()) {
    WARN("no php here: the documented client is not run");
    return;
  }
  node running;
  sql db{running.database_url()};
  const auto site = make_site(running.database_url());
  const auto php = php_client{running};
  auto body = boost::json::parse(text_of_file(documents + "example-inventory.json")).as_object();
  const auto sent_at = [&](const char* minute) {
    body["sync_timestamp"] = std::string{"2026-05-01T10:0"} + minute + ":00Z";
    return php.file("inventory.json", boost::json::serialize(body));
  };
  const auto state = " --difference=" + php.file("state.json", "");
  const auto versions = [&] {
    return db.text("SELECT string_agg(machine_name || ' ' || COALESCE(version, '?'), ', ' ORDER BY machine_name) "
                   "FROM site_modules_current WHERE removed_at IS NULL");
  };

  INFO(php.said());
  REQUIRE(php.run(site, site.key, sent_at("0"), state) == 0);
  CHECK(versions() == "forge_tools ?, token 8.x-1.13, views 10.3.0");

  body["modules"].as_array()[1].as_object()["version"] = "8.x-1.15";
  body["modules"].as_array().pop_back();
  REQUIRE(php.run(site, site.key, sent_at("1"), state) == 0);
  CHECK(php.said().find("\"processed_count\": 1") != std::string::npos); // a difference, not everything
  CHECK(versions() == "token 8.x-1.15, views 10.3.0");

  // Somebody else syncs in between: the client's difference stands on nothing any more, and it says everything.
  auto other = sync_body{"2026-05-01T10:02:00Z"}.module("ctools", "4.0.4");
  auto client = running.client();
  REQUIRE(sync(client, site, other.text()).status == 200);
  REQUIRE(php.run(site, site.key, sent_at("3"), state) == 0);
  CHECK(versions() == "token 8.x-1.15, views 10.3.0");

  body["php_version"] = "eight";
  CHECK(php.run(site, site.key, sent_at("4")) == 1);
  CHECK(php.said().find("/php_version") != std::string::npos);
  CHECK(php.run(site, "ingot_nobody", sent_at("5")) == 1);
  CHECK(php.said().find("401 unauthorized") != std::string::npos);
  running.kill();
  CHECK(php.run(site, site.key, sent_at("6")) == 75);
}
