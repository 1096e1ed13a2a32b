#include "commands/site_webhook.hpp"
#include "config/master_keys.hpp"
#include "config/secrets.hpp"
#include "model/standard_webhooks.hpp"
#include "storage/site_webhooks.hpp"
#include "tests/config/scratch_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <sstream>

using namespace ingot;
using namespace ingot::commands;

namespace {

struct fixture {
  testing::database db;
  scratch_folder folder;
  settings of;

  fixture() {
    of.database = db.settings();
    of.data_dir = folder.path();
    db.sql("INSERT INTO sites (id, name) VALUES (7, 'x')");
    auto node = of; // made the key
    ensure_secrets(node, of.data_dir);
  }

  std::string set(const site_webhook_options& options, bool json = true) {
    std::ostringstream out, err;
    CHECK(set_site_webhook(of, options, *parse_rfc3339("2024-05-01T12:00:00Z"), {out, err, json, false}) == done);
    return out.str();
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "law 9: a webhook's secret is shown once and kept sealed") {
  const auto said = set({7, "https://example.org/hook", "", false});
  const auto at = said.find("whsec_");
  REQUIRE(at != std::string::npos);
  const auto secret = said.substr(at, said.find('"', at) - at);
  CHECK(said == "{\"site_id\":7,\"url\":\"https://example.org/hook\",\"secret\":\"" + secret + "\"}\n");
  CHECK(standard_webhooks::parse_secret(secret)->size() == 32);
  auto connection = db.connect();
  const auto kept = storage::find_site_webhook(*connection, 7);
  REQUIRE(kept);
  CHECK(kept->sealed_secret.find(secret) == std::string::npos);
  read_kept_secrets(of, of.data_dir);
  CHECK(master_keys{of}.open(kept->sealed_secret, storage::webhook_secret_place(7)) == secret);
  CHECK(set({7, "https://example.org/hook", "", false}).find(secret) == std::string::npos); // another one
}

TEST_CASE_METHOD(fixture, "a webhook takes a secret of one's own and can be taken away") {
  const auto own = std::string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
  CHECK(set({7, "https://example.org/hook", own, false}, false).find(own) != std::string::npos);
  CHECK(set({7, "", "", true}) == "{\"site_id\":7}\n");
  auto connection = db.connect();
  CHECK_FALSE(storage::find_site_webhook(*connection, 7));
}

TEST_CASE("law 9: a webhook's secret comes by standard input or the environment, never by the command line") {
  const auto read = [](const std::string& option, const std::map<std::string, std::string>& environment,
                       const std::string& text = {}) {
    auto input = std::istringstream{text};
    return read_webhook_secret(option, environment, input);
  };
  CHECK(read("", {}).empty());
  CHECK(read("", {{"INGOT_NOTIFY_SECRET", "whsec_a"}}) == "whsec_a");
  CHECK(read("-", {{"INGOT_NOTIFY_SECRET", "whsec_a"}}, "whsec_b\r\nmore") == "whsec_b");
  CHECK_THROWS_AS(read("-", {}), usage_error);
  try {
    read("whsec_hush", {});
    FAIL("it was taken");
  } catch (const usage_error& e) {
    CHECK(std::string{e.what()}.find("hush") == std::string::npos);
  }
}

TEST_CASE_METHOD(fixture, "a webhook that cannot be is refused before anything is written") {
  const auto refused = [&](const site_webhook_options& options) {
    std::ostringstream out;
    CHECK_THROWS_AS(set_site_webhook(of, options, {}, {out, out, true, false}), usage_error);
  };
  refused({7, "", "", false});
  refused({7, "https://example.org/", "", true});
  refused({7, "ftp://example.org/", "", false});
  refused({7, "https://u:p@example.org/", "", false});
  refused({7, "https://example.org/", "whsec_short", false});
  refused({7, "https://example.org/", "whsec_Zm9v", false});
  CHECK(db.sql("SELECT count(*) FROM audit_log") == "0");
}
