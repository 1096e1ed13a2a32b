#include "storage/refused_change.hpp"
#include "storage/site_webhooks.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;

TEST_CASE("a site's webhook is set, replaced and taken away, each with an audit line that holds no secret") {
  testing::database db;
  auto connection = db.connect();
  db.sql("INSERT INTO sites (id, name) VALUES (7, 'x'), (8, 'y')");
  const auto by = operator_action{"command line", *parse_rfc3339("2024-05-01T12:00:00Z")};
  CHECK_FALSE(find_site_webhook(*connection, 7));
  const auto sealed = std::string{"\x01\0\xff sealed", 10};
  set_site_webhook(*connection, 7, site_webhook{"https://example.org/hush", sealed}, by);
  const auto found = find_site_webhook(*connection, 7);
  REQUIRE(found);
  CHECK(found->url == "https://example.org/hush");
  CHECK(found->sealed_secret == sealed);
  CHECK_FALSE(find_site_webhook(*connection, 8));
  set_site_webhook(*connection, 7, std::nullopt, by);
  CHECK_FALSE(find_site_webhook(*connection, 7));
  CHECK(db.sql("SELECT notify_secret IS NULL FROM sites WHERE id = 7") == "t");
  CHECK(db.sql("SELECT string_agg(action, ',' ORDER BY id) FROM audit_log WHERE subject = 'site 7'") ==
        "site webhook set,site webhook taken away");
  CHECK(db.sql("SELECT count(*) FROM audit_log WHERE audit_log::text LIKE '%hush%'") == "0");
  CHECK_THROWS_AS(set_site_webhook(*connection, 9, std::nullopt, by), refused_change);
}
