#include "tests/support/catch.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"
#include "tests/support/sql.hpp"

#include "storage/cluster.hpp"

#include <algorithm>
#include <csignal>
#include <future>
#include <numeric>
#include <thread>

using namespace ingot::testing;
using std::chrono::seconds;

namespace {

std::string status_in(const http_answer& answer) {
  INFO(answer.status << " " << answer.body);
  REQUIRE(answer.status == 200);
  return json::value_to<std::string>(json::parse(answer.body).at("status"));
}

json::value pull_request(std::int64_t repository, const std::string& at, const std::string& title) {
  auto payload = example_of("pull_request");
  move_to_repository(payload, repository, "laws/r" + std::to_string(repository));
  set(payload, "/pull_request/updated_at", json::string{at});
  set(payload, "/pull_request/title", json::string{title});
  return payload;
}

/// Rows as a reader sees them, without what names the repository, our ids and our times. Of the jobs those of the last head: a
/// head that is heard of after its successor needs none, so their number depends on the order.
constexpr const char* comparable_rows = R"(
  SELECT jsonb_build_object(
    'repository', (to_jsonb(r) - '{id,github_id,name,full_name,created_at,updated_at,facts,version}'::text[]),
    'pull_request', (to_jsonb(p) - '{id,repo_id,created_at,updated_at,facts,history}'::text[]),
    'its_history', (SELECT jsonb_agg(e - 'delivery' ORDER BY n) FROM jsonb_array_elements(p.history) WITH ORDINALITY AS h(e, n)),
    'pipeline', (to_jsonb(l) - '{id,repo_id,created_at,updated_at,facts,history}'::text[]),
    'history', (SELECT jsonb_agg(e - 'delivery' ORDER BY n) FROM jsonb_array_elements(l.history) WITH ORDINALITY AS h(e, n)),
    'jobs', (SELECT count(*) FROM jobs j WHERE j.payload ->> 'repository_id' = r.github_id::text
             AND j.payload ->> 'head_sha' = p.commit_sha))::text AS shown,
    r.github_id
  FROM repositories r JOIN pull_requests p ON p.repo_id = r.id JOIN pipeline_runs l ON l.repo_id = r.id)";

struct said {
  std::string event;
  json::value payload;
};

/// Delivers every order of `events` to a repository of its own, and CHECKs that all end in the same rows.
void deliver_all_orders(const std::vector<said>& events) {
  node running;
  std::vector<std::vector<std::size_t>> orders;
  std::vector<std::size_t> order(events.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  do
    orders.push_back(order);
  while (std::next_permutation(order.begin(), order.end()));

  constexpr std::size_t connections = 4;
  std::vector<std::future<std::size_t>> senders;
  for (std::size_t sender = 0; sender < connections; ++sender)
    senders.push_back(std::async(std::launch::async, [&, sender] {
      std::size_t refused = 0;
      auto client = running.client();
      for (std::size_t i = sender; i < orders.size(); i += connections)
        for (auto which : orders[i]) {
          auto payload = events[which].payload;
          auto repository = static_cast<std::int64_t>(600'000'000 + i);
          move_to_repository(payload, repository, "orders/r" + std::to_string(repository));
          for (const char* member : {"check_run", "check_suite", "workflow_run"})
            if (payload.as_object().contains(member))
              for (auto& entry : payload.at(member).at("pull_requests").as_array())
                set(entry, "/base/repo/id", repository);
          refused += deliver(client, events[which].event, new_delivery_id(), payload).status == 200 ? 0 : 1;
        }
      return refused;
    }));
  for (auto& x : senders)
    CHECK(x.get() == 0);

  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM (" + std::string{comparable_rows} + ") x") == static_cast<std::int64_t>(orders.size()));
  auto kinds = db.rows("SELECT shown, count(*), min(github_id) FROM (" + std::string{comparable_rows} +
                       ") x GROUP BY shown ORDER BY 2 DESC");
  for (const auto& kind : kinds) {
    auto number = std::stoull(*kind[2]) - 600'000'000;
    std::string names;
    for (auto which : orders.at(number))
      names += " " + std::to_string(which);
    UNSCOPED_INFO(*kind[1] << " orders end as repository " << *kind[2] << " does, which came in the order" << names << ": "
                           << (kinds.size() > 1 ? *kind[0] : ""));
  }
  CHECK(kinds.size() == 1);
}

} // namespace

TEST_CASE("law 2: one delivery sent on many connections at once has one effect, and so has its event under another id") {
  node running;
  sql db{running.database_url()};
  auto payload = example_of("pull_request");
  auto id = new_delivery_id();
  std::vector<std::future<std::string>> answers;
  for (int i = 0; i < 16; ++i)
    answers.push_back(std::async(std::launch::async, [&] {
      auto client = running.client();
      auto answer = deliver(client, "pull_request", id, payload);
      return std::to_string(answer.status) + answer.body.substr(0, answer.body.find(','));
    }));
  std::map<std::string, int> seen;
  for (auto& x : answers)
    ++seen[x.get()];
  CHECK(seen == std::map<std::string, int>{{"200{\"status\":\"stored\"", 1}, {"200{\"status\":\"duplicate\"", 15}});
  auto rows = [&] { return db.rows("SELECT p::text, l::text FROM pull_requests p, pipeline_runs l"); };
  auto once = rows();
  CHECK(once.size() == 1);
  CHECK(db.number("SELECT count(*) FROM deliveries") == 1);

  auto client = running.client();
  CHECK(status_in(deliver(client, "pull_request", new_delivery_id(), payload)) == "stored");
  CHECK(db.number("SELECT count(*) FROM deliveries") == 2);
  CHECK(db.rows("SELECT title, history::text, processed, updated_at FROM pull_requests").size() == 1);
  CHECK(db.number("SELECT count(*) FROM jobs WHERE kind = 'pull_request_files'") == 1);
}

TEST_CASE("law 2: a delivery id is known over a restart, and on whatever day it comes again") {
  node running;
  auto id = new_delivery_id();
  {
    auto client = running.client();
    CHECK(status_in(deliver(client, "pull_request", id, example_of("pull_request"))) == "stored");
  }
  {
    sql db{running.database_url()};
    db.run("UPDATE deliveries SET received_at = received_at - interval '2 days'");
    db.run("UPDATE delivery_ids SET received_at = received_at - interval '2 days'");
  }
  running.kill();
  running.start();
  auto client = running.client();
  CHECK(status_in(deliver(client, "pull_request", id, example_of("pull_request"))) == "duplicate");
  CHECK(sql{running.database_url()}.number("SELECT count(*) FROM deliveries") == 1);
}

TEST_CASE("law 3: a flood for one repository keeps its order and does not hold up another repository") {
  node running;
  constexpr int flood = 3000;
  std::promise<void> under_way;
  auto flooding = std::async(std::launch::async, [&] {
    auto client = running.client();
    std::thread sending{[&] {
      for (int i = 0; i < flood; ++i) {
        char at[32];
        std::snprintf(at, sizeof at, "2024-06-01T00:%02d:%02dZ", i / 60 % 60, i % 60);
        auto body = text_of(pull_request(41, at, "title " + std::to_string(i)));
        std::string bytes =
            "POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
        for (const auto& [name, value] : delivery_headers("pull_request", new_delivery_id(), body, webhook_secret))
          bytes += name + ": " + value + "\r\n";
        client.send(bytes + "\r\n" + body);
      }
    }};
    int accepted = 0;
    for (int i = 0; i < flood; ++i) {
      accepted += client.read_answer().status == 200 ? 1 : 0;
      if (i == 20)
        under_way.set_value();
    }
    sending.join();
    return accepted;
  });
  under_way.get_future().wait();
  auto client = running.client();
  CHECK(status_in(deliver(client, "pull_request", new_delivery_id(), pull_request(42, "2024-06-01T00:00:00Z", "other"))) ==
        "stored");
  sql db{running.database_url()};
  CHECK(db.number("SELECT count(*) FROM deliveries WHERE repository_id = 41") < flood);
  CHECK(flooding.get() == flood);
  CHECK(db.text("SELECT p.title FROM pull_requests p JOIN repositories r ON r.id = p.repo_id WHERE r.github_id = 41") ==
        "title " + std::to_string(flood - 1));
  CHECK(db.number("SELECT count(*) FROM (SELECT xmin::text::bigint < lag(xmin::text::bigint) OVER (ORDER BY received_at) AS back "
                  "FROM deliveries WHERE repository_id = 41) x WHERE back") == 0);
}

TEST_CASE("law 4: all orders of six recorded events of one pull request end in the same rows") {
  deliver_all_orders({{"pull_request", sample_of("pull_request", "opened-1")},
                      {"pull_request", sample_of("pull_request", "unlabeled-1")},
                      {"pull_request_review", sample_of("pull_request_review", "submitted-1")},
                      {"check_run", sample_of("check_run", "completed-1")},
                      {"check_suite", sample_of("check_suite", "completed-1")},
                      {"pull_request", sample_of("pull_request", "closed-1")}});
}

TEST_CASE("law 4: all orders of a new head, its builds, a merge, and builds that name no pull request end in the same rows") {
  auto opened = example_of("pull_request");
  auto pushed = opened, merged = opened;
  const json::string later_head(40, 'd');
  set(pushed, "/action", "synchronize");
  set(pushed, "/pull_request/updated_at", "2024-05-01T10:10:00Z");
  set(pushed, "/pull_request/head/sha", later_head);
  merged = pushed;
  set(merged, "/action", "closed");
  set(merged, "/pull_request/state", "closed");
  set(merged, "/pull_request/merged", true);
  set(merged, "/pull_request/updated_at", "2024-05-01T10:20:00Z");
  set(merged, "/pull_request/merged_at", "2024-05-01T10:20:00Z");
  set(merged, "/pull_request/closed_at", "2024-05-01T10:20:00Z");
  auto old_build = example_of("check_run"), status = example_of("status"), job = example_of("workflow_job");
  set(status, "/sha", later_head);
  set(status, "/updated_at", "2024-05-01T10:12:00Z");
  set(job, "/workflow_job/head_sha", later_head);
  set(job, "/workflow_job/completed_at", "2024-05-01T10:12:00Z"); // as the status: a documented rank decides
  deliver_all_orders({{"pull_request", opened},
                      {"pull_request", pushed},
                      {"pull_request", merged},
                      {"check_run", old_build},
                      {"status", status},
                      {"workflow_job", job}});
}

TEST_CASE("law 4: a stale event changes no state, and merged is final until the pull request is reopened") {
  node running;
  auto client = running.client();
  sql db{running.database_url()};
  auto merged = pull_request(51, "2024-06-01T00:10:00Z", "new");
  set(merged, "/action", "closed");
  set(merged, "/pull_request/state", "closed");
  set(merged, "/pull_request/merged", true);
  set(merged, "/pull_request/merged_at", "2024-06-01T00:10:00Z");
  set(merged, "/pull_request/closed_at", "2024-06-01T00:10:00Z");
  CHECK(status_in(deliver(client, "pull_request", new_delivery_id(), merged)) == "stored");
  const std::string row = "SELECT to_jsonb(p) - '{history,facts}'::text[] FROM pull_requests p";
  db.run("UPDATE pull_requests SET processed = TRUE");
  auto before = db.text(row);
  auto stale = pull_request(51, "2024-06-01T00:05:00Z", "old");
  set(stale, "/action", "labeled");
  CHECK(status_in(deliver(client, "pull_request", new_delivery_id(), stale)) == "stored");
  CHECK(db.text(row) == before);

  // Late news about the past: an entry in the history at its place, which a reader is told of, and no other state.
  const std::string state = "SELECT to_jsonb(p) - '{history,facts,processed,updated_at}'::text[] FROM pull_requests p";
  before = db.text(state);
  CHECK(status_in(deliver(client, "pull_request", new_delivery_id(), pull_request(51, "2024-06-01T00:04:00Z", "older"))) ==
        "stored");
  CHECK(db.text(state) == before);
  CHECK(db.text("SELECT history -> 0 ->> 'value' FROM pull_requests") == "opened");
  CHECK(db.text("SELECT processed FROM pull_requests") == "f");
  CHECK(db.text("SELECT state FROM pull_requests") == "merged");

  auto reopened = pull_request(51, "2024-06-01T00:20:00Z", "new");
  set(reopened, "/action", "reopened");
  CHECK(status_in(deliver(client, "pull_request", new_delivery_id(), reopened)) == "stored");
  CHECK(db.text("SELECT concat_ws(' ', state, merged, merged_at, closed_at) FROM pull_requests") == "open f");
}

TEST_CASE("law 5: past the bound of requests in flight the answer is 429 with Retry-After, and those admitted are served") {
  scratch_folder scratch;
  ingot::storage::embedded_cluster database{scratch.path()};
  node running{{.environment = {{"DATABASE_URL", database.url()},
                                {"INGOT_DATABASE_STATEMENT_TIMEOUT_MS", "60000"},
                                {"INGOT_SERVER_REQUESTS_IN_FLIGHT_MAX", "4"}}}};
  std::vector<pid_t> stopped;
  {
    sql db{database.url()};
    for (const auto& row :
         db.rows("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"))
      stopped.push_back(static_cast<pid_t>(std::stol(*row[0])));
  }
  for (auto pid : stopped)
    ::kill(pid, SIGSTOP);
  std::vector<http_client> admitted;
  auto body = text_of(example_of("push"));
  auto bytes = "POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  for (int i = 0; i < 4; ++i) {
    admitted.push_back(running.client());
    auto head = bytes;
    for (const auto& [name, value] : delivery_headers("push", new_delivery_id(), body, webhook_secret))
      head += name + ": " + value + "\r\n";
    admitted.back().send(head + "\r\n" + body);
  }
  http_answer refused;
  CHECK(eventually([&] {
    auto client = running.client();
    client.send(bytes + "\r\n"); // unsigned: had it been admitted, it would be refused with 401
    client.send(body);
    refused = client.read_answer();
    return refused.status == 429;
  }));
  CHECK_FALSE(refused["retry-after"].empty());
  for (auto pid : stopped)
    ::kill(pid, SIGCONT);
  for (auto& client : admitted)
    CHECK(client.read_answer().status == 200);
  CHECK(eventually([&] {
    auto client = running.client();
    return deliver(client, "push", new_delivery_id(), example_of("push")).status == 200;
  }));
}

TEST_CASE("law 6: a row that the database refuses does not take its batch with it, is visible, and can be replayed") {
  node running;
  sql db{running.database_url()};
  db.run("ALTER TABLE pull_requests ADD CONSTRAINT no_poison CHECK (title <> 'poison')");
  std::vector<std::future<int>> senders;
  std::mutex mutex;
  std::vector<std::string> poisonous;
  for (int sender = 0; sender < 8; ++sender)
    senders.push_back(std::async(std::launch::async, [&, sender] {
      auto client = running.client();
      int stored = 0;
      for (int i = 0; i < 20; ++i) {
        auto id = new_delivery_id();
        bool poison = i % 5 == 2;
        auto payload = pull_request(700 + sender * 100 + i, "2024-06-01T00:00:00Z", poison ? "poison" : "sound");
        auto answer = deliver(client, "pull_request", id, payload);
        if (!poison)
          stored += answer.status == 200 && answer.body.find("\"stored\"") != std::string::npos ? 1 : 0;
        else if (answer.body.find("\"stored\"") == std::string::npos) {
          std::lock_guard lock{mutex};
          poisonous.push_back(id);
        }
      }
      return stored;
    }));
  for (auto& x : senders)
    CHECK(x.get() == 16);
  REQUIRE(poisonous.size() == 32);
  CHECK(db.number("SELECT count(*) FROM pull_requests WHERE title = 'sound'") == 128);
  CHECK(db.number("SELECT count(*) FROM deliveries WHERE outcome = 'stored'") == 128);
  CHECK(db.number("SELECT count(*) FROM deliveries WHERE outcome = 'failed' AND error LIKE '%no_poison%'") == 32);

  std::map<std::string, std::string> here{{"INGOT_DATA_DIR", running.data_dir().string()},
                                          {"PORT", std::to_string(running.port())},
                                          {"INGOT_ADMIN_TOKEN", std::string{admin_token}}};
  auto listed = run_ingot({"deliveries", "list", "--outcome", "failed", "--limit", "100", "--json"}, here);
  INFO(listed.output);
  for (const auto& id : poisonous)
    CHECK(listed.output.find(id) != std::string::npos);
  db.run("ALTER TABLE pull_requests DROP CONSTRAINT no_poison");
  auto replayed = run_ingot({"deliveries", "replay", poisonous.front()}, here);
  INFO(replayed.output);
  CHECK(replayed.exit_code == 0);
  CHECK(eventually([&] { return db.number("SELECT count(*) FROM pull_requests WHERE title = 'poison'") == 1; }));
  CHECK(db.text("SELECT outcome FROM deliveries WHERE delivery_id = " + literal(poisonous.front())) == "stored");
}

TEST_CASE("law 7: processed turns FALSE when a reader can see a change, and only then") {
  node running;
  auto client = running.client();
  sql db{running.database_url()};
  auto id = new_delivery_id();
  auto opened = pull_request(61, "2024-06-01T00:00:00Z", "first");
  auto flags = [&] { return db.text("SELECT concat(p.processed, l.processed) FROM pull_requests p, pipeline_runs l"); };
  auto poll = [&] {
    db.run("UPDATE pull_requests SET processed = TRUE; UPDATE pipeline_runs SET processed = TRUE");
    return db.text("SELECT concat(p.updated_at, ' ', l.updated_at) FROM pull_requests p, pipeline_runs l");
  };
  auto times = [&] { return db.text("SELECT concat(p.updated_at, ' ', l.updated_at) FROM pull_requests p, pipeline_runs l"); };
  deliver(client, "pull_request", id, opened);
  CHECK(flags() == "ff");
  auto polled = poll();

  CHECK(status_in(deliver(client, "pull_request", id, opened)) == "duplicate");
  CHECK(status_in(deliver(client, "pull_request", new_delivery_id(), opened)) == "stored");
  auto stale = pull_request(61, "2024-05-31T00:00:00Z", "stale");
  set(stale, "/action", "labeled");
  CHECK(status_in(deliver(client, "pull_request", new_delivery_id(), stale)) == "stored");
  // Newer, and with nothing that a reader could see.
  CHECK(status_in(deliver(client, "pull_request", new_delivery_id(), pull_request(61, "2024-06-01T00:00:30Z", "first"))) ==
        "stored");
  CHECK(flags().starts_with("t"));
  CHECK(times().substr(0, times().find(' ')) == polled.substr(0, polled.find(' ')));

  polled = poll();
  deliver(client, "pull_request", new_delivery_id(), pull_request(61, "2024-06-01T00:01:00Z", "second"));
  CHECK(flags() == "ff");
  CHECK(times() != polled);

  // Late news about the past: a title that was edited before. A change of the history, and of nothing else.
  poll();
  auto late = pull_request(61, "2024-05-30T00:00:00Z", "the very first");
  set(late, "/action", "edited");
  deliver(client, "pull_request", new_delivery_id(), late);
  CHECK(flags().starts_with("f"));
  CHECK(db.text("SELECT title FROM pull_requests") == "second");

  polled = poll();
  auto build = example_of("check_run");
  move_to_repository(build, 61, "laws/r61");
  for (auto& entry : build.at("check_run").at("pull_requests").as_array())
    set(entry, "/base/repo/id", 61);
  deliver(client, "check_run", new_delivery_id(), build);
  CHECK(flags() == "tf");
  poll();
  deliver(client, "check_run", new_delivery_id(), build);
  CHECK(flags() == "tt");
}
