#include "storage/installation_rows.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;

namespace {

const auto token = std::string{"018f3370-0000-7000-8000-000000000001"};

/// Installation 5 on octo, that ada has set up, with two repositories that she follows by it.
struct installation_fixture {
  testing::database db;
  std::unique_ptr<connection> c = db.connect();
  job_lease lease{1, token, "github/installation/5"};

  installation_fixture() {
    db.sql("INSERT INTO installations (installation_id, account, source_updated_at) VALUES (5, 'octo', now());"
           "INSERT INTO provider_credentials (id, user_id, kind, account, installation_id) VALUES (1, 'ada', 'installation', "
           "'octo', 5);"
           "SELECT setval(pg_get_serial_sequence('provider_credentials', 'id'), 10);"
           "INSERT INTO repositories (github_id, name, full_name, owner, installation_id, installation_at, is_private) VALUES "
           "(71, 'a', 'octo/a', 'octo', 5, now(), TRUE), (72, 'b', 'octo/b', 'octo', 5, now(), FALSE), "
           "(73, 'c', 'octo/c', 'octo', 5, now(), FALSE), (74, 'd', 'octo/d', 'octo', 6, now(), FALSE);"
           "INSERT INTO provider_repositories (user_id, provider, owner, name, external_id, credential_id) VALUES "
           "('ada', 'github', 'octo', 'a', 71, 1), ('ada', 'github', 'octo', 'b', 72, 1), ('grace', 'github', 'octo', 'b', 72, "
           "NULL);"
           "INSERT INTO jobs (id, kind, key, state, lease_token, lease_until) VALUES (1, 'installation_sync', "
           "'github/installation/5', "
           "'running', '" +
           token + "', now() + interval '1 hour'); SELECT setval('jobs_id_seq', 10)");
  }

  installation_effect follow(std::vector<std::int64_t> added = {}, bool all = false, unsigned repositories_max = 10) {
    return follow_installation(*c, lease, {5, std::move(added)}, {all, repositories_max});
  }
  std::string states() const {
    return db.sql(
        "SELECT string_agg(user_id || '/' || name || ' ' || state, ', ' ORDER BY user_id, name) FROM provider_repositories");
  }
  std::string credential() const { return db.sql("SELECT state FROM provider_credentials WHERE id = 1"); }
};

} // namespace

TEST_CASE_METHOD(installation_fixture, "what is followed by an installation is suspended, resumed and gone with it") {
  CHECK(follow().credentials == 1); // the node's own
  CHECK(db.sql("SELECT account || installation_id FROM provider_credentials WHERE user_id = ''") == "octo5");
  CHECK(states() == "ada/a active, ada/b active, grace/b active");
  const auto again = follow();
  CHECK(again.credentials + again.repositories == 0);

  db.sql("UPDATE installations SET suspended = TRUE");
  CHECK(follow().repositories == 2);
  CHECK(credential() == "suspended");
  CHECK(states() == "ada/a suspended, ada/b suspended, grace/b active");
  db.sql("UPDATE installations SET suspended = FALSE");
  CHECK(follow().repositories == 2);
  CHECK(credential() == "live");
  CHECK(states() == "ada/a active, ada/b active, grace/b active");

  db.sql("UPDATE installations SET deleted = TRUE");
  follow();
  CHECK(credential() == "deleted");
  CHECK(db.sql("SELECT count(*) FROM provider_credentials WHERE state <> 'deleted'") == "0");
  CHECK(states() == "ada/a gone, ada/b gone, grace/b active");
}

TEST_CASE_METHOD(installation_fixture, "a repository that an installation loses is gone, and active when it comes back") {
  db.sql("UPDATE repositories SET installation_id = NULL WHERE github_id = 72");
  follow();
  CHECK(states() == "ada/a active, ada/b gone, grace/b active");
  CHECK(db.sql("SELECT state_reason FROM provider_repositories WHERE state = 'gone'") == "removed from its installation");
  db.sql("UPDATE repositories SET installation_id = 5 WHERE github_id = 72");
  follow();
  CHECK(states() == "ada/a active, ada/b active, grace/b active");
  db.sql("UPDATE provider_repositories SET state = 'gone', state_reason = 'GitHub says 404' WHERE id = 1");
  CHECK(follow().repositories == 0);
}

TEST_CASE_METHOD(installation_fixture,
                 "what comes to an installation is followed by policy alone, for its users, up to their limit") {
  CHECK(follow({71, 72, 73, 74}).followed == 0);
  CHECK(follow({71, 72, 73, 74}, true, 2).followed == 0);
  CHECK(follow({71, 72, 73, 74}, true).followed == 1); // 74 is another installation's
  CHECK(states() == "ada/a active, ada/b active, ada/c active, grace/b active");
  CHECK(db.sql("SELECT payload ->> 'trigger' FROM jobs WHERE kind = 'content_sync'") == "webhook");
  CHECK(follow({71, 72, 73, 74}, true).followed == 0);
  db.sql("DELETE FROM provider_repositories; UPDATE provider_credentials SET state = 'deleted' WHERE id = 1");
  CHECK(follow({73}, true).followed == 1);
  CHECK(states() == "/c active");
}

TEST_CASE_METHOD(installation_fixture, "law 2: who has lost the lease follows no installation") {
  db.sql("UPDATE jobs SET lease_token = '018f3370-0000-7000-8000-000000000002' WHERE id = 1; UPDATE installations SET deleted = "
         "TRUE");
  CHECK_THROWS(follow());
  CHECK(credential() == "live");
}
