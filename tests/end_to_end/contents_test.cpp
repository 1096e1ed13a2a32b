#include "storage/blob_files.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/node.hpp"
#include "tests/support/sql.hpp"

#include <boost/json.hpp>

#include <cctype>
#include <csignal>
#include <cstdio>

using namespace ingot::testing;

namespace json = boost::json;

namespace {

/// A node with repositories whose contents are stored, as if they had been synced.
struct reading {
  node running{{.environment = {{"INGOT_JOBS_POLL_INTERVAL_MS", "20"}}}};
  sql db{running.database_url()};
  std::shared_ptr<ingot::contents::blob_store> blobs = ingot::storage::open_blob_files(running.data_dir() / "blobs", 3);
  std::string key = key_of("ada");
  int stored = 0;

  reading() {
    repository(1, "ada");
    repository(2, "bob");
  }

  std::string key_of(const std::string& user) {
    const auto made = run_ingot({"users", "add-key", user, "--json"}, running.environment());
    return std::string{json::parse(made.output).at("key").as_string()};
  }

  void repository(int id, const std::string& user) {
    db.run("INSERT INTO provider_repositories (id, user_id, provider, owner, name, external_id, last_commit_sha) VALUES (" +
           std::to_string(id) + ", " + literal(user) + ", 'github', 'octo', 'r', " + std::to_string(id) + ", 'c0ffee')");
  }

  /// @returns its id
  std::string file(const std::string& path, const std::string& content, int repository_id = 1) {
    const auto n = std::to_string(++stored);
    const auto sha = std::string(40 - n.size(), 'b') + n;
    const auto writer = blobs->write();
    writer->write(content);
    writer->commit(sha + "." + n);
    db.run("INSERT INTO content_blobs (sha, size, key, mime_type, language, is_binary, refs, unreferenced_at) VALUES ('" + sha +
           "', " + std::to_string(content.size()) + ", '" + sha + "." + n +
           "', 'text/x-python', 'Python', FALSE, 1, NULL);"
           "INSERT INTO repository_files VALUES (" +
           std::to_string(repository_id) + ", " + literal(path) + ", '" + sha + "', 33188, " + std::to_string(content.size()) +
           ", NULL, 1)");
    return sha;
  }

  http_answer ask(const std::string& method, const std::string& target, std::vector<header> headers = {}) {
    if (headers.empty() || headers.front().first != "Authorization")
      headers.insert(headers.begin(), {"Authorization", "Bearer " + key});
    return running.client().request(method, target, headers);
  }
  http_answer get(const std::string& target, std::vector<header> headers = {}) { return ask("GET", target, std::move(headers)); }

  /// Changes of a sync that has just committed.
  void sync(int id, int feed, int repository_id, int changes) {
    db.run("INSERT INTO content_syncs (id, repository_id, job_id, trigger, state, commit_sha, feed, finished_at) VALUES (" +
           std::to_string(id) + ", " + std::to_string(repository_id) + ", 1, 'manual', 'succeeded', 'c" + std::to_string(id) +
           "', " + std::to_string(feed) +
           ", now()); INSERT INTO content_changes (sync_id, ordinal, repository_id, path, change, sha, mode) SELECT " +
           std::to_string(id) + ", i, " + std::to_string(repository_id) +
           ", 'p' || i, 'added', 'abc', 33188 FROM generate_series(1, " + std::to_string(changes) +
           ") i; UPDATE content_feed SET last = " + std::to_string(feed));
  }
};

std::string text_of(std::size_t size) {
  auto out = std::string{};
  while (out.size() < size)
    out += std::to_string(out.size()) + "\n";
  return out.substr(0, size);
}

std::vector<json::value> lines_of(const http_answer& x) {
  auto out = std::vector<json::value>{};
  for (auto rest = std::string_view{x.body}; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
    out.push_back(json::parse(rest.substr(0, rest.find('\n'))));
  return out;
}

} // namespace

TEST_CASE_METHOD(reading, "files of a repository are listed by page and by folder") {
  for (const auto* path : {"a.py", "src", "src.txt", "src/b.py", "src/c/d.py", "src0", "z"})
    file(path, path);
  db.run("INSERT INTO repository_files VALUES (1, 'big.bin', 'ddd', 33188, 999, 'too_large', 1)");
  const auto paths = [&](const std::string& query) {
    const auto page = get("/api/v1/repositories/1/files" + query);
    auto out = std::string{};
    REQUIRE(page.status == 200);
    const auto body = json::parse(page.body);
    for (const auto& x : body.at("files").as_array())
      out += std::string{x.at("path").as_string()} + " ";
    return out + (body.at("next").is_null() ? "" : "next " + std::string{body.at("next").as_string()});
  };
  CHECK(paths("") == "a.py big.bin src src.txt src/b.py src/c/d.py src0 z ");
  CHECK(paths("?limit=2") == "a.py big.bin next big.bin");
  CHECK(paths("?limit=2&after=src.txt") == "src/b.py src/c/d.py next src/c/d.py");
  CHECK(paths("?path=src") == "src src/b.py src/c/d.py ");
  CHECK(paths("?path=src/&limit=2") == "src src/b.py next src/b.py");
  CHECK(paths("?path=src&after=src/b.py") == "src/c/d.py ");
  CHECK(paths("?path=nothing") == "");
  const auto body = json::parse(get("/api/v1/repositories/1/files?path=big.bin").body);
  CHECK(body.at("commit_sha") == "c0ffee");
  CHECK(
      json::serialize(body.at("files").at(0)) ==
      R"({"path":"big.bin","sha":"ddd","size":999,"mode":"100644","skipped":"too_large","mime_type":null,"language":null,"is_binary":null,"lfs":null})");
  CHECK(get("/api/v1/repositories/1/files?limit=0").status == 400);
  CHECK(get("/api/v1/repositories/1/files/a.py/content").status == 200);
  CHECK(get("/api/v1/repositories/1/files/big.bin/content").body.find("too_large") != std::string::npos);
}

TEST_CASE_METHOD(reading, "contents of all sizes come back byte for byte, whole and in part") {
  for (const auto size : {std::size_t{0}, std::size_t{1}, std::size_t{65'536}, std::size_t{65'537}, std::size_t{3'000'000}}) {
    INFO(size);
    const auto content = text_of(size);
    const auto sha = file("f" + std::to_string(size), content);
    const auto target = "/api/v1/repositories/1/files/f" + std::to_string(size) + "/content";
    const auto whole = get(target);
    CHECK(whole.status == 200);
    CHECK((whole.body == content));
    CHECK(whole["content-length"] == std::to_string(size));
    CHECK(whole["content-type"] == "text/x-python");
    CHECK(whole["x-content-type-options"] == "nosniff");
    CHECK(whole["accept-ranges"] == "bytes");
    CHECK(whole["etag"] == "\"" + sha + "\"");
    CHECK(get(target, {{"If-None-Match", "\"x\", W/\"" + sha + "\""}}).status == 304);
    CHECK((get(target, {{"If-None-Match", "\"x\""}}).body == content));
    if (size == 0)
      continue;
    const auto last = get(target, {{"Range", "bytes=-1"}});
    CHECK(last.status == 206);
    CHECK(last.body == content.substr(size - 1));
    CHECK(last["content-range"] ==
          "bytes " + std::to_string(size - 1) + "-" + std::to_string(size - 1) + "/" + std::to_string(size));
    const auto tail = get(target, {{"Range", "bytes=" + std::to_string(size / 3) + "-"}, {"If-Range", "\"" + sha + "\""}});
    CHECK(tail.status == 206);
    CHECK((tail.body == content.substr(size / 3)));
    CHECK(get(target, {{"Range", "bytes=0-0"}, {"If-Range", "\"other\""}}).status == 200);
    const auto beyond = get(target, {{"Range", "bytes=" + std::to_string(size) + "-"}});
    CHECK(beyond.status == 416);
    CHECK(beyond["content-range"] == "bytes */" + std::to_string(size));
  }
}

TEST_CASE_METHOD(reading, "a path may hold slashes, escapes, odd characters and its own suffix") {
  for (const std::string path : {"a/b/content", "a b/c%d.py", "content", "\xc3\xa4/\xe2\x82\xac", "q?x#y", "x//y", "+"}) {
    file(path, "of " + path);
    auto escaped = std::string{};
    for (const auto c : path) {
      char hex[4];
      std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned char>(c));
      escaped += std::isalnum(static_cast<unsigned char>(c)) || c == '/' ? std::string{c} : std::string{hex};
    }
    INFO(escaped);
    CHECK(get("/api/v1/repositories/1/files/" + escaped + "/content").body == "of " + path);
  }
  CHECK(get("/api/v1/repositories/1/files/a%2Fb%2fcontent/content").body == "of a/b/content");
  CHECK(get("/api/v1/repositories/1/files/%00/content").status == 400);
  CHECK(get("/api/v1/repositories/1/files/%zz/content").status == 400);
  CHECK(get("/api/v1/repositories/1/files/../../etc/passwd/content").status == 404);
  CHECK(get("/api/v1/repositories/1/files//content").status == 404);
}

TEST_CASE_METHOD(reading, "a HEAD tells of a content and reads nothing") {
  file("large", text_of(500'000));
  auto client = running.client();
  client.send("HEAD /api/v1/repositories/1/files/large/content HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key +
              "\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  auto answer = client.read_answer(true);
  CHECK(answer.status == 200);
  CHECK(answer["content-length"] == "500000");
  CHECK(client.read_answer().status == 200);
}

TEST_CASE_METHOD(reading, "nobody but its owner and admins reads a repository") {
  file("secret.py", "bob's", 2);
  file("own.py", "ada's");
  for (const auto* target : {"/api/v1/repositories/2/files", "/api/v1/repositories/2/files/secret.py/content",
                             "/api/v1/repositories/99/files", "/api/v1/repositories/x/files"}) {
    INFO(target);
    const auto answer = get(target);
    CHECK(answer.status == 404);
    CHECK(answer.body.find("bob") == std::string::npos);
    CHECK(get(target, {{"Authorization", "Bearer wrong"}}).status == 401);
  }
  const auto admin = header{"Authorization", "Bearer " + std::string{admin_token}};
  CHECK(get("/api/v1/repositories/2/files/secret.py/content", {admin}).body == "bob's");
  CHECK(get("/api/v1/repositories/1/files/own.py/content").body == "ada's");
  db.run("UPDATE provider_repositories SET state = 'removed' WHERE id = 1");
  CHECK(get("/api/v1/repositories/1/files/own.py/content").status == 404);
}

TEST_CASE_METHOD(reading, "a content that is damaged is never taken for whole") {
  const auto small = file("small", text_of(1'000)), large = file("large", text_of(2'000'000));
  for (const auto& [sha, n] : {std::pair{small, "1"}, {large, "2"}}) {
    const auto path = running.data_dir() / "blobs" / sha.substr(0, 2) / (sha + "." + n);
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 5);
  }
  const auto answer = get("/api/v1/repositories/1/files/small/content");
  CHECK(answer.status == 500);
  CHECK_THROWS_AS(get("/api/v1/repositories/1/files/large/content"), http_error);
  CHECK(running.log().find("a blob cannot be read") != std::string::npos);
  CHECK(running.client().get("/health").status == 200);
}

TEST_CASE_METHOD(reading, "the feed gives changes in the order of commits, a page at a time, to whom they concern") {
  sync(10, 1, 1, 3);
  sync(11, 2, 2, 2);
  sync(12, 3, 1, 2);
  auto seen = std::string{};
  auto after = std::string{};
  for (auto pages = 0; pages < 9; ++pages) {
    const auto page = get("/api/v1/changes?limit=2" + (after.empty() ? "" : "&after=" + after));
    REQUIRE(page.status == 200);
    CHECK(page["content-type"] == "application/x-ndjson");
    const auto lines = lines_of(page);
    after = page["x-next-cursor"];
    if (lines.empty())
      break;
    for (const auto& x : lines)
      seen += std::string{x.at("cursor").as_string()} + ":" + std::to_string(x.at("repository_id").as_int64()) + " ";
    CHECK(after == lines.back().at("cursor").as_string());
  }
  CHECK(seen == "1.1:1 1.2:1 1.3:1 3.1:1 3.2:1 ");
  CHECK(after == "4.0");
  CHECK(
      get("/api/v1/changes?after=1.2&limit=1")
          .body.starts_with(
              R"({"cursor":"1.3","repository_id":1,"sync_id":10,"commit_sha":"c10","path":"p3","change":"added","sha":"abc","previous_sha":null,"mode":"100644","at":")"));
  CHECK(lines_of(get("/api/v1/changes?repository=2")).empty());
  const auto admin = header{"Authorization", "Bearer " + std::string{admin_token}};
  CHECK(lines_of(get("/api/v1/changes", {admin})).size() == 7);
  CHECK(lines_of(get("/api/v1/changes?repository=2", {admin})).size() == 2);
  CHECK(lines_of(get("/api/v1/changes?userId=bob", {admin})).size() == 2);
  for (const auto* bad :
       {"after=x", "after=1.", "after=1.2.3", "after=-1", "after=1.-2", "wait=61", "limit=0", "repository=0", "other=1"})
    CHECK(get(std::string{"/api/v1/changes?"} + bad).status == 400);
}

TEST_CASE_METHOD(reading, "whoever waits for changes is answered by the next commit, and by no other's") {
  sync(10, 1, 1, 1);
  const auto after = get("/api/v1/changes")["x-next-cursor"];
  auto answer = http_answer{};
  {
    auto waiting = running.client();
    waiting.send("GET /api/v1/changes?wait=60&after=" + after + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key +
                 "\r\n\r\n");
    sync(11, 2, 2, 5);
    sync(12, 3, 1, 2);
    answer = waiting.read_answer();
  }
  const auto lines = lines_of(answer);
  REQUIRE(lines.size() == 2);
  CHECK(lines.front().at("cursor") == "3.1");
  const auto empty = get("/api/v1/changes?wait=1&after=" + answer["x-next-cursor"]);
  CHECK(empty.status == 200);
  CHECK(empty.body.empty());
  CHECK(empty["x-next-cursor"] == "4.0");
}

TEST_CASE_METHOD(reading, "a node that stops answers whoever waits for changes") {
  auto waiting = running.client();
  waiting.send("GET /api/v1/changes?wait=60 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key + "\r\n\r\n");
  // Another request behind it on the node: the first has begun by then.
  CHECK(get("/api/v1/changes").status == 200);
  running.signal(SIGTERM);
  CHECK(waiting.read_answer().status == 200);
  CHECK(running.wait(std::chrono::seconds{30}) == 0);
}

TEST_CASE("a sweep that is killed between its steps is gone on with after the start") {
  for (const auto* point : {"sweep_rows_gone:1", "sweep_objects_gone:1"}) {
    INFO(point);
    node running{{.environment = {{"INGOT_JOBS_POLL_INTERVAL_MS", "20"},
                                  {"INGOT_JOBS_LEASE_MS", "500"},
                                  {"INGOT_BLOBS_GRACE_MS", "1000"},
                                  {"INGOT_FAILPOINT", point}}}};
    const auto blobs = ingot::storage::open_blob_files(running.data_dir() / "blobs", 3);
    const auto sha = std::string(40, 'e');
    for (const auto* n : {"1", "2"}) {
      const auto writer = blobs->write();
      writer->write("x");
      writer->commit(sha + "." + n);
    }
    {
      sql db{running.database_url()};
      db.run(
          "INSERT INTO content_blobs (sha, size, key, mime_type, is_binary, unreferenced_at) VALUES ('" + sha + "', 1, '" + sha +
          ".1', 'text/plain', FALSE, now() - interval '1 day'); INSERT INTO content_garbage (key) VALUES ('" + sha +
          ".2'); WITH added AS (INSERT INTO jobs (kind, key, payload) VALUES ('blob_sweep', 'blob_sweep', '{\"orphans\":false}') "
          "RETURNING id, kind, key, priority, run_at) INSERT INTO job_lanes AS l (key, job_id, kind, priority, run_at, jobs) "
          "SELECT key, id, kind, priority, run_at, 1 FROM added ON CONFLICT (key) DO UPDATE SET jobs = l.jobs + 1");
    }
    REQUIRE(running.wait(std::chrono::seconds{30}).has_value());
    running.environment().erase("INGOT_FAILPOINT");
    running.start();
    sql db{running.database_url()};
    // Not one that succeeded: the node's own sweep at its start may have found nothing to do yet.
    CHECK(eventually(
        [&] { return db.number("SELECT count(*) FROM jobs WHERE kind = 'blob_sweep' AND state <> 'succeeded'") == 0; }));
    CHECK(db.number("SELECT count(*) FROM content_blobs") + db.number("SELECT count(*) FROM content_garbage") == 0);
    CHECK(blobs->list("", 10).empty());
  }
}
