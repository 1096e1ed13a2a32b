#include "tests/end_to_end/load.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/database_outside.hpp"
#include "tests/support/local_http_server.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <pqxx/pqxx>
#include <set>
#include <sys/stat.h>
#include <thread>

using namespace ingot::testing;
namespace fs = std::filesystem;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Delivers so many pull requests, each of a repository of its own. @returns their delivery ids
std::vector<std::string> deliver_some(const node& to, int count, std::int64_t first_repository) {
  auto client = to.client();
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) {
    auto payload = example_of("pull_request");
    move_to_repository(payload, first_repository + i, "backup/repository-" + std::to_string(first_repository + i));
    ids.push_back(new_delivery_id());
    REQUIRE(deliver(client, "pull_request", ids.back(), payload).status == 200);
  }
  return ids;
}

/// The environment of a node in another folder: what the first one had, without its database.
std::map<std::string, std::string> elsewhere(const node& original, const fs::path& data_dir, const std::string& url = "") {
  auto out = const_cast<node&>(original).environment();
  out["INGOT_DATA_DIR"] = data_dir.string();
  out["DATABASE_URL"] = url;
  return out;
}

void check_each_once(sql& db, const std::vector<std::string>& ids) {
  std::multiset<std::string> found;
  for (const auto& row : db.rows("SELECT delivery_id FROM deliveries"))
    found.insert(row[0].value_or(""));
  auto missing = 0, double_ = 0;
  for (const auto& id : ids) {
    missing += found.count(id) == 0 ? 1 : 0;
    double_ += found.count(id) > 1 ? 1 : 0;
  }
  CHECK(missing == 0);
  CHECK(double_ == 0);
}

void flip_byte(const fs::path& file, std::streamoff at) {
  std::fstream f{file, std::ios::in | std::ios::out | std::ios::binary};
  f.seekg(at);
  const auto c = static_cast<char>(f.get());
  f.seekp(at);
  f.put(static_cast<char>(c ^ 1));
}

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> out;
  for (const auto& x : fs::directory_iterator(folder))
    out.insert(x.path().filename().string());
  return out;
}

} // namespace

TEST_CASE("law 1: a backup that is made under load brings back all that was acknowledged before it, once") {
  node original;
  const auto ids = deliver_some(original, 40, 9'000'000);
  scratch_folder backups, other;
  const auto folder = backups.path() / "first";
  finished made;
  {
    load senders{original.port()};
    REQUIRE(eventually([&] { return senders.acknowledged() > 100; }));
    made = run_ingot({"backup", folder.string()}, original.environment());
    senders.finish();
    CHECK(senders.refusals().empty());
  }
  INFO(made.output);
  REQUIRE(made.exit_code == 0);
  CHECK(holds(made.output, "with the secrets"));
  CHECK(names_in(folder) ==
        std::set<std::string>{"blobs", "blobs.sha256", "database.dump", "manifest.json", "master.key", "spool.sqlite"});
  for (const auto* file : {"database.dump", "master.key", "spool.sqlite", "blobs.sha256"}) {
    INFO(file);
    struct stat about {};
    REQUIRE(::stat((folder / file).c_str(), &about) == 0);
    if (std::string{file} != "blobs.sha256")
      CHECK((about.st_mode & 077) == 0);
  }
  struct stat about {};
  REQUIRE(::stat(folder.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0700);

  const auto whole = run_ingot({"restore", folder.string(), "--verify"}, original.environment());
  CHECK(whole.exit_code == 0);
  const auto refused = run_ingot({"restore", folder.string()}, original.environment());
  CHECK(refused.exit_code == 1);
  CHECK(holds(refused.output, "a node runs on the data folder"));

  const auto restored = run_ingot({"restore", folder.string(), "--json"}, elsewhere(original, other.path() / "data"));
  INFO(restored.output);
  REQUIRE(restored.exit_code == 0);
  CHECK(holds(restored.output, "\"ok\":true"));
  node second{{.data_dir = other.path() / "data"}};
  sql db{second.database_url()};
  check_each_once(db, ids);
  CHECK(db.number("SELECT count(*) - count(DISTINCT delivery_id) FROM deliveries") == 0);
  CHECK(db.number("SELECT count(*) FROM repositories WHERE github_id BETWEEN 9000000 AND 9000039") == 40);
  // And it goes on: what GitHub sends again is known, what is new is taken.
  auto client = second.client();
  CHECK(holds(deliver(client, "pull_request", ids.front(), example_of("pull_request")).body, "duplicate"));
  CHECK(deliver(client, "pull_request", new_delivery_id(), example_of("pull_request")).status == 200);
}

TEST_CASE("law 1: what waits in the spool while the database is away is in the backup, and comes back once") {
  database_outside database;
  node original{{.environment = {{"DATABASE_URL", database.url()}}}};
  const auto stored = deliver_some(original, 5, 9'100'000);
  database.stop();
  auto waiting = deliver_some(original, 7, 9'200'000);
  scratch_folder backups, other;

  // Only the spool can be had now.
  const auto alone = backups.path() / "alone";
  const auto without = run_ingot({"backup", (backups.path() / "none").string()}, original.environment());
  CHECK(without.exit_code == 1);
  CHECK(names_in(backups.path() / "none").empty()); // nothing that looks like a backup
  const auto spool_only = run_ingot({"backup", alone.string(), "--without-database"}, original.environment());
  INFO(spool_only.output);
  REQUIRE(spool_only.exit_code == 0);
  CHECK(holds(spool_only.output, "spool: 7 deliveries wait"));

  // The node dies, the database comes back: both are in one backup.
  original.kill();
  database.start();
  const auto both = backups.path() / "both";
  const auto made = run_ingot({"backup", both.string()}, original.environment());
  INFO(made.output);
  REQUIRE(made.exit_code == 0);
  database_outside fresh;
  const auto restored = run_ingot({"restore", both.string()}, elsewhere(original, other.path() / "both", fresh.url()));
  INFO(restored.output);
  REQUIRE(restored.exit_code == 0);
  {
    node second{{.environment = {{"DATABASE_URL", fresh.url()}}, .data_dir = other.path() / "both"}};
    sql db{fresh.url()};
    CHECK(eventually([&] { return db.number("SELECT count(*) FROM deliveries") == 12; }));
    waiting.insert(waiting.end(), stored.begin(), stored.end());
    check_each_once(db, waiting);
  }
  // The database is not empty any more.
  const auto refused = run_ingot({"restore", both.string()}, elsewhere(original, other.path() / "again", fresh.url()));
  CHECK(refused.exit_code == 1);
  CHECK(holds(refused.output, "the database is not empty"));
  const auto replaced =
      run_ingot({"restore", both.string(), "--replace"}, elsewhere(original, other.path() / "again", fresh.url()));
  INFO(replaced.output);
  CHECK(replaced.exit_code == 0);
  CHECK(sql{fresh.url()}.number("SELECT count(*) FROM deliveries") == 5);
}

TEST_CASE("law 1: what the node drains while the dump is written comes back, once") {
  database_outside database;
  node original{{.environment = {{"DATABASE_URL", database.url()}}}};
  auto ids = deliver_some(original, 5, 9'400'000);
  database.stop();
  const auto waiting = deliver_some(original, 7, 9'500'000);
  ids.insert(ids.end(), waiting.begin(), waiting.end());
  original.signal(SIGSTOP);
  database.start();

  // pg_dump has its snapshot and waits for a table that nobody else needs; meanwhile the node drains.
  scratch_folder backups, other;
  const auto folder = backups.path() / "made";
  sql db{database.url()};
  finished made;
  std::thread backing_up;
  {
    pqxx::connection holder{database.url()};
    pqxx::work held{holder};
    held.exec("LOCK TABLE insights IN ACCESS EXCLUSIVE MODE");
    backing_up = std::thread{[&] { made = run_ingot({"backup", folder.string()}, original.environment()); }};
    CHECK(eventually([&] {
      return db.number("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock'") >
             0;
    }));
    original.signal(SIGCONT);
    CHECK(eventually([&] { return db.number("SELECT count(*) FROM deliveries") == 12; }));
    CHECK(eventually([&] { return original.client().get("/ready").status == 200; }));
  }
  backing_up.join();
  INFO(made.output);
  REQUIRE(made.exit_code == 0);
  database_outside fresh;
  const auto brought_back = run_ingot({"restore", folder.string()}, elsewhere(original, other.path() / "data", fresh.url()));
  INFO(brought_back.output);
  REQUIRE(brought_back.exit_code == 0);
  sql restored{fresh.url()};
  CHECK(restored.number("SELECT count(*) FROM deliveries") == 5); // the dump is of the moment before
  node second{{.environment = {{"DATABASE_URL", fresh.url()}}, .data_dir = other.path() / "data"}};
  const auto drained = eventually([&] { return restored.number("SELECT count(*) FROM deliveries") == 12; });
  INFO(second.log());
  CHECK(drained);
  check_each_once(restored, ids);
}

TEST_CASE("a backup with a wrong byte, without its manifest, or of a newer schema is refused, and nothing is touched") {
  node original;
  deliver_some(original, 3, 9'300'000);
  scratch_folder backups, other;
  const auto folder = backups.path() / "made";
  REQUIRE(run_ingot({"backup", folder.string()}, original.environment()).exit_code == 0);
  const auto target = other.path() / "data";
  const auto tried = [&] {
    const auto out = run_ingot({"restore", folder.string()}, elsewhere(original, target));
    CHECK_FALSE(fs::exists(target));
    return out;
  };
  SECTION("a byte") {
    flip_byte(folder / "database.dump", 2'000);
    const auto refused = tried();
    CHECK(refused.exit_code == 1);
    CHECK(holds(refused.output, "database.dump is not what was written"));
    CHECK(run_ingot({"restore", folder.string(), "--verify"}, elsewhere(original, target)).exit_code == 1);
  }
  SECTION("a file") {
    fs::remove(folder / "spool.sqlite");
    CHECK(holds(tried().output, "spool.sqlite is missing"));
  }
  SECTION("the manifest") {
    fs::remove(folder / "manifest.json");
    const auto refused = tried();
    CHECK(refused.exit_code == 1);
    CHECK(holds(refused.output, "no whole backup"));
  }
  SECTION("a newer schema") {
    std::ifstream in{folder / "manifest.json"};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    const auto at = text.find("\"schema_version\":");
    REQUIRE(at != std::string::npos);
    text.insert(at + 17, "99");
    std::ofstream{folder / "manifest.json"} << text;
    const auto refused = tried();
    CHECK(refused.exit_code == 1);
    CHECK(holds(refused.output, "restore it with ingot"));
  }
  SECTION("a folder that is in use") {
    CHECK(run_ingot({"backup", folder.string()}, original.environment()).exit_code == 1);
  }
}

TEST_CASE("a restore says when no master key at hand opens what the rows hold, and is content with the right one") {
  local_http_server receiver{200, "{}"};
  node original{{.environment = {{"INGOT_NOTIFY_PRIVATE_ADDRESSES", "true"}}}};
  sql{original.database_url()}.run("INSERT INTO sites (id, name) VALUES (7, 'x')");
  REQUIRE(run_ingot({"sites", "notify", "--site", "7", "--url", receiver.url()}, original.environment()).exit_code == 0);
  scratch_folder backups, other;
  const auto with = backups.path() / "with", without = backups.path() / "without";
  REQUIRE(run_ingot({"backup", with.string()}, original.environment()).exit_code == 0);
  REQUIRE(run_ingot({"backup", without.string(), "--without-secrets"}, original.environment()).exit_code == 0);
  CHECK_FALSE(fs::exists(without / "master.key"));

  auto wrong = elsewhere(original, other.path() / "wrong");
  wrong["INGOT_MASTER_KEY"] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
  const auto noticed = run_ingot({"restore", without.string()}, wrong);
  INFO(noticed.output);
  CHECK(noticed.exit_code == 1);
  CHECK(holds(noticed.output, "1 values of sites.notify_secret are sealed with the master key"));
  const auto right = run_ingot({"restore", with.string()}, elsewhere(original, other.path() / "right"));
  INFO(right.output);
  CHECK(right.exit_code == 0);
}

TEST_CASE("contents are backed up and come back, and those that the store lacks are named") {
  node original;
  sql db{original.database_url()};
  const std::string key = "aa00000000000000000000000000000000000000.1", lost = "bb00000000000000000000000000000000000000.2";
  for (const auto& x : {key, lost})
    db.run("INSERT INTO content_blobs (sha, size, key, mime_type, is_binary, refs, unreferenced_at) VALUES (" +
           literal(x.substr(0, 40)) + ", 5, " + literal(x) + ", 'text/plain', FALSE, 1, NULL)");
  fs::create_directories(original.data_dir() / "blobs" / "aa");
  std::ofstream{original.data_dir() / "blobs" / "aa" / key} << "bytes of a content";
  scratch_folder backups, other;
  const auto folder = backups.path() / "made";
  const auto made = run_ingot({"backup", folder.string()}, original.environment());
  INFO(made.output);
  CHECK(made.exit_code == 1); // somebody should look
  CHECK(holds(made.output, "1 contents that the rows name are missing"));
  CHECK(holds(made.output, lost));
  const auto restored = run_ingot({"restore", folder.string()}, elsewhere(original, other.path() / "data"));
  INFO(restored.output);
  CHECK(restored.exit_code == 1);
  CHECK(holds(restored.output, "the content " + lost + " is missing"));
  std::ifstream in{other.path() / "data" / "blobs" / "aa" / key};
  CHECK(std::string{std::istreambuf_iterator<char>{in}, {}} == "bytes of a content");
  flip_byte(folder / "blobs" / "aa" / key, 3);
  CHECK(holds(run_ingot({"restore", folder.string(), "--verify"}, original.environment()).output, "is not what was written"));
}
