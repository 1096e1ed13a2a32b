#include "actors/release_fetcher.hpp"
#include "storage/release_fetches.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/local_http_server.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;

namespace {

std::string history(const std::string& project) {
  return "<project><title>T</title><short_name>" + project +
         "</short_name><releases><release><version>1.0.1</version><status>published</status></release></releases></project>";
}

struct fetching {
  testing::database db;
  telemetry::metrics counters{"test"};
  context_ptr shared = std::make_shared<node_context>(settings{}, counters);
  node_context& context = *shared;

  fetching() {
    context.now = [] { return *parse_rfc3339("2024-05-01T12:00:00Z"); };
    context.open_connection = [this] { return db.connect(); };
  }

  /// The lease of a job that runs here.
  job_lease running_job() const {
    const auto token = std::string{"11111111-1111-1111-1111-111111111111"};
    return {std::stoll(db.sql("INSERT INTO jobs (kind, key, state, lease_token, lease_until) VALUES ('releases_fetch', 'k', "
                              "'running', '" +
                              token + "', now() + interval '1 hour') RETURNING id")),
            token, "k"};
  }

  job_outcome fetch(const std::string& project) {
    return fetch_releases({running_job(), storage::release_job_kind, "{\"project\":\"" + project + "\"}", "", 1}, context);
  }

  std::string label(const std::string& project, local_http_server::answerer answer) {
    local_http_server server{std::move(answer)};
    context.config.drupal.releases_url = server.url();
    return std::string{result_label(fetch(project))};
  }

  std::string error_of(const std::string& project) {
    return db.sql("SELECT COALESCE(error, '-') FROM drupal_projects WHERE project = '" + project + "'");
  }
};

} // namespace

TEST_CASE_METHOD(fetching, "a project's releases are fetched, kept, and asked for conditionally the next time") {
  local_http_server server{[](const std::string& request) {
    const auto known = request.find("If-None-Match: \"v1\"\r\n") != std::string::npos &&
                       request.find("If-Modified-Since: Wed, 01 May 2024 10:00:00 GMT\r\n") != std::string::npos;
    return known ? http_answer_text(304, "")
                 : http_answer_text(200, history("token"), "ETag: \"v1\"\r\nLast-Modified: Wed, 01 May 2024 10:00:00 GMT\r\n");
  }};
  context.config.drupal.releases_url = server.url() + "/release-history";
  CHECK(std::get<job_succeeded>(fetch("token")).result.starts_with(R"({"status":"imported","releases":1,"releases_written":1)"));
  CHECK(db.sql("SELECT version FROM module_releases WHERE project = 'token'") == "1.0.1");
  CHECK(std::get<job_succeeded>(fetch("token")).result == R"({"status":"unchanged","versions_flagged":0,"versions_cleared":0})");
  const auto requests = server.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].starts_with("GET /release-history/token/current HTTP/1.1\r\n"));
  CHECK(requests[0].find("If-None-Match") == std::string::npos);
}

TEST_CASE_METHOD(fetching, "an answer decides whether a fetch is done, tried again or given up, and why is kept") {
  const auto answers = [](int status, std::string body = {}) {
    return [=](const std::string&) { return http_answer_text(status, body); };
  };
  CHECK(label("a", answers(503)) == "transient");
  CHECK(error_of("a") == "the server answered 503");
  CHECK(label("a", answers(429)) == "transient");
  CHECK(label("a", answers(403)) == "permanent");
  CHECK(label("a", answers(302)) == "permanent");
  CHECK(label("a", answers(200, "<project><title>")) == "transient");
  CHECK(error_of("a").find("no XML; line 1") != std::string::npos);
  CHECK(label("a", answers(200, history("b"))) == "permanent");
  CHECK(error_of("a") == "the answer is of another project: b");
  CHECK(label("a", answers(404)) == "succeeded");
  CHECK(label("a", answers(200, "<error>No release history was found</error>")) == "succeeded");
  CHECK(error_of("a").find("No release history was found") != std::string::npos);
  CHECK(label("a", answers(200, history("a"))) == "succeeded");
  CHECK(error_of("a") == "-");
}

TEST_CASE_METHOD(fetching, "a failed fetch leaves the releases that are known") {
  CHECK(label("a", [](const std::string&) { return http_answer_text(200, history("a")); }) == "succeeded");
  CHECK(label("a", [](const std::string&) { return http_answer_text(500, ""); }) == "transient");
  CHECK(db.sql("SELECT count(*) FROM module_releases") == "1");
}

TEST_CASE_METHOD(fetching, "a payload cannot lead a fetch to another path") {
  for (const auto* project : {"", "../x", "a/b", "a?b", "a b"})
    CHECK(std::holds_alternative<job_failed_for_good>(fetch(project)));
}
