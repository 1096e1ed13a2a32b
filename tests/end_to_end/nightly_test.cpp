#include "tests/end_to_end/contents_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/payloads.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace ingot::testing;

namespace {

constexpr auto runs_path = "/api/v1/admin/nightly-runs";

std::vector<header> admin() {
  return {{"Authorization", "Bearer " + std::string{admin_token}}, {"Content-Type", "application/json"}};
}

/// `count` more repositories on the stand-in with the contents of `like`, each followed as if it had been synced.
/// @returns their ids on the stand-in
std::vector<std::int64_t> follow_copies(contents_world& world, const followed& like, int count) {
  auto ids = std::vector<std::int64_t>{};
  auto values = std::string{};
  for (auto i = 0; i < count; ++i) {
    hosted_repository x;
    x.owner = like.owner;
    x.name = "copy" + std::to_string(i);
    x.path = like.repository->path();
    ids.push_back(world.standin.add(x));
    values += (i == 0 ? "('" : ",('") + x.name + "'," + std::to_string(ids.back()) + ")";
  }
  world.db().run(
      "INSERT INTO provider_repositories (user_id, provider, owner, name, external_id, default_branch, last_synced_at, "
      "last_commit_sha, last_tree_sha, last_branch, filters, etag, complete) SELECT user_id, provider, owner, v.name, v.id, "
      "default_branch, last_synced_at, last_commit_sha, last_tree_sha, last_branch, filters, etag, complete "
      "FROM provider_repositories, (VALUES " +
      values + ") v (name, id) WHERE provider_repositories.id = " + std::to_string(like.id));
  return ids;
}

json::object json_of(const http_answer& x) {
  INFO(x.body);
  REQUIRE((x.status == 200 || x.status == 202));
  return json::parse(x.body).as_object();
}

std::int64_t number(const json::object& of, const char* name) {
  return of.at(name).as_int64();
}

json::object start_run(contents_world& world, const std::string& body = "") {
  return json_of(world.running.client().request("POST", runs_path, admin(), body));
}

json::object run_of(contents_world& world, std::int64_t id) {
  return json_of(world.running.client().request("GET", runs_path + ("/" + std::to_string(id)), admin()));
}

json::object finished_run(contents_world& world, std::int64_t id) {
  auto out = json::object{};
  REQUIRE(eventually([&] { return (out = run_of(world, id)).at("state").as_string() != "running"; }, std::chrono::seconds{90}));
  return out;
}

/// The whole of a stream of events, until the node ends it.
std::string stream_of(contents_world& world, std::int64_t id) {
  const auto fd = ::socket(AF_INET, SOCK_STREAM, 0);
  auto to = sockaddr_in{};
  to.sin_family = AF_INET;
  to.sin_port = htons(world.running.port());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto patience = timeval{60, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  const auto ask = "GET " + std::string{runs_path} + "/" + std::to_string(id) +
                   "/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + std::string{admin_token} + "\r\n\r\n";
  REQUIRE(::send(fd, ask.data(), ask.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(ask.size()));
  auto out = std::string{};
  char chunk[4'096];
  for (auto got = ::recv(fd, chunk, sizeof chunk, 0); got > 0; got = ::recv(fd, chunk, sizeof chunk, 0))
    out.append(chunk, static_cast<std::size_t>(got));
  ::close(fd);
  return out;
}

} // namespace

TEST_CASE("law 2: a nightly run over 500 repositories that is killed thrice looks at each once, and mends what disagrees") {
  contents_world world{{{"INGOT_NIGHTLY_BATCH", "25"},
                        {"INGOT_NIGHTLY_FAILED_PERCENT_MAX", "0"},
                        {"INGOT_NIGHTLY_ALERT_URL", "https://127.0.0.1:1/alerts"}}};
  const auto seed = world.follow_new("seed", {{"README.md", "100644", "# Seed\n", {}}});
  const auto ids = follow_copies(world, seed, 498);
  // A remote that nobody may call: the run fails at it and goes on.
  world.db().run(
      "INSERT INTO provider_repositories (user_id, provider, name, url) VALUES ('', 'git', 'x', 'https://nobody.invalid/x.git')");
  auto moved = world.host("moved");
  moved.repository->commit({{"a.txt", "100644", "another\n", {}}});
  for (auto i = 10; i < 15; ++i)
    world.standin.change(ids[static_cast<std::size_t>(i)], [&](hosted_repository& x) { x.path = moved.repository->path(); });
  world.standin.rename(ids[20], "octo", "renamed");
  world.standin.change(ids[21], [](hosted_repository& x) { x.archived = true; });
  world.standin.change(ids[22], [](hosted_repository& x) { x.deleted = true; });
  world.standin.change(ids[23], [](hosted_repository& x) { x.is_private = true; });
  world.standin.reset_counts();

  world.running.kill();
  world.running.environment()["INGOT_FAILPOINT"] = "nightly_batch_recorded:4";
  world.running.start();
  const auto id = number(start_run(world), "id");
  for (auto kills = 0; kills < 3; ++kills) {
    REQUIRE(eventually([&] { return !world.running.alive(); }, std::chrono::seconds{60}));
    world.running.kill();
    if (kills == 2)
      world.running.environment().erase("INGOT_FAILPOINT");
    world.running.start();
  }
  const auto stream = stream_of(world, id);
  const auto run = finished_run(world, id);
  INFO(json::serialize(run) << '\n' << world.running.log().substr(0, 20'000));

  CHECK(run.at("state").as_string() == "succeeded");
  CHECK(number(run, "repositories") == 500);
  CHECK(number(run, "checked") == 500);
  CHECK(number(run, "changed") == 9);
  CHECK(number(run, "failed") == 1);
  CHECK(json::serialize(run.at("drift")) == R"({"gone":1,"renamed":1,"archived":1,"visibility":1})");
  // The changed ones were synced once each, and are as GitHub has them.
  CHECK(world.db().number("SELECT count(*) FROM jobs WHERE kind = 'content_sync' AND payload ->> 'trigger' = 'nightly'") == 5);
  CHECK(world.db().number("SELECT count(*) FROM provider_repositories WHERE last_commit_sha = '" + *moved.repository->head() +
                          "'") == 5);
  const auto row = [&](std::size_t i) {
    return world.db().text(
        "SELECT name || ' ' || state || ' ' || archived || ' ' || is_private FROM provider_repositories WHERE external_id = " +
        std::to_string(ids[i]));
  };
  CHECK(row(20) == "renamed active false false");
  CHECK(row(21) == "copy21 active true false");
  CHECK(row(22) == "copy22 gone false false");
  CHECK(row(23) == "copy23 active false true");
  // One request for each batch, what the changed ones need, a look at the one that is gone.
  const auto counts = world.standin.counts();
  auto asked = std::string{};
  for (const auto& [route, x] : counts.endpoints)
    asked += route + ": " + std::to_string(x.requests) + ", not modified " + std::to_string(x.not_modified) + '\n';
  INFO(asked);
  const auto looks = counts.endpoints.at("POST /graphql").requests;
  CHECK(looks >= 20);
  constexpr auto of_a_sync = 5, at_once = 4;
  CHECK(number(run, "requests") >= 20 + 5 * (of_a_sync - 1));
  CHECK(number(run, "requests") <= 20 + 3 + 5 * of_a_sync + 2);
  // Each kill costs the batch in hand and the syncs that were under way, once more.
  CHECK(counts.requests <= 20 + 3 + 5 * of_a_sync + 2 + 3 * at_once * of_a_sync);
  CHECK(number(run, "requests") <= static_cast<std::int64_t>(counts.requests));

  // The stream told of it to its end; the failure is named; the alert was noted once and is to be told.
  CHECK(stream.find("Content-Type: text/event-stream") != std::string::npos);
  CHECK(stream.find("event: run\ndata: {\"id\":" + std::to_string(id) + ",\"state\":\"succeeded\"") != std::string::npos);
  const auto failures =
      world.running.client().request("GET", runs_path + ("/" + std::to_string(id)) + "/items?state=failed", admin());
  CHECK(failures.body.find("nobody.invalid") != std::string::npos);
  CHECK(json::serialize(run.at("alerts")) == R"(["failed_share"])");
  CHECK(world.db().number("SELECT count(*) FROM jobs WHERE kind = 'nightly_alert'") == 1);

  // Again: nothing has changed, so nothing but the looks is asked.
  world.standin.reset_counts();
  const auto told = run_ingot({"sync", "all", "--follow", "--json"}, world.running.environment());
  const auto again = json::parse(told.output.substr(told.output.find('{'))).as_object();
  INFO(told.output);
  CHECK(told.exit_code == 1); // one fails still
  CHECK(number(again, "unchanged") == 499);
  CHECK(world.standin.counts().requests <= 20 + 2);

  // Cancelled between two attempts: it ends without another look.
  world.running.kill();
  world.running.environment()["INGOT_FAILPOINT"] = "nightly_batch_recorded:1";
  world.running.environment()["INGOT_JOBS_LEASE_MS"] = "8000"; // nobody takes it up before it is cancelled
  world.running.start();
  const auto third = number(start_run(world, R"({"depth":"incremental","parts":"metadata","repositories":["octo/*"]})"), "id");
  REQUIRE(eventually([&] { return !world.running.alive(); }));
  world.running.kill();
  world.running.environment().erase("INGOT_FAILPOINT");
  world.running.start();
  const auto one = runs_path + ("/" + std::to_string(third));
  CHECK(world.running.client().request("POST", runs_path, admin(), "{}").status == 409);
  CHECK(world.running.client().request("POST", one + "/cancel", admin()).status == 200);
  const auto cancelled = finished_run(world, third);
  CHECK(cancelled.at("state").as_string() == "cancelled");
  CHECK(number(cancelled, "checked") == 25);
  CHECK(world.running.client().request("POST", one + "/cancel", admin()).status == 409);
  CHECK(world.running.client().request("POST", runs_path, admin(), R"({"depth":"deep"})").status == 400);
  CHECK(
      json_of(world.running.client().request("GET", std::string{runs_path} + "?limit=2", admin())).at("runs").as_array().size() ==
      2);
}
