#include "storage/pull_request_files.hpp"

#include "storage/connection.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;

namespace {

const auto token = std::string{"018f3370-0000-7000-8000-000000000001"};
const auto files = std::vector<std::string>{
    R"({"filename":"a.cpp","status":"added","additions":3,"deletions":0,"changes":3,"patch":"@@"})",
    R"({"filename":"b \"quoted\"","status":"removed","additions":0,"deletions":1,"changes":1,"patch":null})"};

struct files_fixture {
  testing::database db;
  std::unique_ptr<connection> c = db.connect();
  job_lease lease{1, token, "github/repository/42"};
  files_target target{42, 7, "head-1"};

  files_fixture() {
    db.sql("INSERT INTO repositories (github_id, name, full_name, owner, installation_id) VALUES (42, 'hello', 'octo/hello', "
           "'octo', 5);"
           "INSERT INTO pull_requests (repo_id, pr_number, title, author, commit_sha, processed) "
           "SELECT id, 7, 't', 'a', 'head-1', TRUE FROM repositories;"
           "INSERT INTO jobs (id, kind, key, state, lease_token, lease_until) VALUES (1, 'pull_request_files', "
           "'github/repository/42', "
           "'running', '" +
           token + "', now() + interval '1 hour')");
  }
  std::string processed() const { return db.sql("SELECT processed FROM pull_requests"); }
};

} // namespace

TEST_CASE_METHOD(files_fixture, "law 7: a list of files is written once, and only a list that differs is told to readers") {
  CHECK(store_pull_request_files(*c, lease, target, files) == files_written::stored);
  CHECK(db.sql("SELECT array_length(files_changed, 1) || ' ' || (files_changed[1] ->> 'filename') || ' ' || "
               "(files_changed[2] ->> 'filename') FROM pull_requests") == "2 a.cpp b \"quoted\"");
  CHECK(processed() == "f");
  db.sql("UPDATE pull_requests SET processed = TRUE");
  CHECK(store_pull_request_files(*c, lease, target, files) == files_written::unchanged);
  CHECK(processed() == "t");
}

TEST_CASE_METHOD(files_fixture, "law 4: a list for an older head never overwrites a newer one's") {
  CHECK(store_pull_request_files(*c, lease, target, files) == files_written::stored);
  db.sql("UPDATE pull_requests SET commit_sha = 'head-2', processed = TRUE");
  CHECK(store_pull_request_files(*c, lease, target, {}) == files_written::superseded);
  CHECK(db.sql("SELECT array_length(files_changed, 1) FROM pull_requests") == "2");
  CHECK(processed() == "t");
}

TEST_CASE_METHOD(files_fixture, "law 2: who has lost the lease writes no files") {
  db.sql("UPDATE jobs SET lease_token = '018f3370-0000-7000-8000-000000000002'");
  CHECK_THROWS(store_pull_request_files(*c, lease, target, files));
  CHECK(processed() == "t");
}

TEST_CASE_METHOD(files_fixture, "the files of a pull request are asked for with the installation that reaches its repository") {
  CHECK(find_files_subject(*c, 42, 7, 0)->credential_id == 0);
  CHECK(find_files_subject(*c, 42, 7, 0)->head_sha == "head-1");
  CHECK(find_files_subject(*c, 42, 7, 0)->full_name == "octo/hello");
  db.sql("INSERT INTO provider_credentials (id, user_id, kind, account, installation_id, state) VALUES "
         "(1, 'ada', 'installation', 'octo', 5, 'suspended'), (2, 'grace', 'installation', 'octo', 5, 'live'), "
         "(3, 'ada', 'installation', 'other', 6, 'live')");
  CHECK(find_files_subject(*c, 42, 7, 6)->credential_id == 2);
  db.sql("UPDATE repositories SET installation_id = NULL");
  CHECK(find_files_subject(*c, 42, 7, 6)->credential_id == 3);
  CHECK_FALSE(find_files_subject(*c, 42, 8, 0));
}
