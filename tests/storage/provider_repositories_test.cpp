#include "storage/provider_repositories.hpp"

#include "storage/refused_change.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;

namespace {

const auto noon = *parse_rfc3339("2026-05-01T12:34:56Z");
const auto by = operator_action{"user ada", noon};

confirmed_repository octo(const std::string& name = "hello", std::int64_t external_id = 77) {
  auto out = confirmed_repository{};
  out.wanted.provider = "github";
  out.wanted.owner = "OCTO";
  out.wanted.name = name;
  out.wanted.filter = {{"*.cpp", "a \"b\",\\c"}, {"x{}"}, 1'000, true, false};
  out.found = {external_id, "octo", name, "main", false, false};
  return out;
}

failure refused(const std::function<void()>& change) {
  try {
    change();
  } catch (const refused_change& e) {
    return e.why();
  }
  return {};
}

std::string jobs(const testing::database& db) {
  return db.sql("SELECT string_agg(key || ' ' || (payload ->> 'full') || ' ' || priority, ', ' ORDER BY id) FROM jobs");
}

std::int64_t add_credential(const testing::database& db, const std::string& user, const std::string& kind,
                            const std::string& account, const std::string& state = "live") {
  return std::stoll(db.sql("INSERT INTO provider_credentials (user_id, kind, account, state) VALUES ('" + user + "', '" + kind +
                           "', '" + account + "', '" + state + "') RETURNING id"));
}

} // namespace

TEST_CASE("a followed repository is kept as it was asked for and found, and its first sync is enqueued with it") {
  testing::database db;
  auto c = db.connect();
  const auto added = add_repository(*c, "ada", octo(), 10, by);
  CHECK(added.row.owner == "octo");
  CHECK(added.row.external_id == 77);
  CHECK(added.row.branch.empty());
  CHECK(added.row.default_branch == "main");
  CHECK(added.row.filter == octo().wanted.filter);
  CHECK(added.row.state == "active");
  CHECK(db.sql("SELECT id FROM jobs WHERE kind = 'content_sync'") == std::to_string(added.job_id));
  CHECK(jobs(db) == "contents/" + std::to_string(added.row.id) + " false 1");
  const auto loaded = load_repository(*c, added.row.id);
  REQUIRE(loaded);
  CHECK(place_of(*loaded).external_id == 77);
  CHECK(find_repository_named(*c, "ada", "oCTo", "HELLO")->id == added.row.id);
  CHECK_FALSE(find_repository_named(*c, "grace", "octo", "hello"));
  CHECK_FALSE(load_repository(*c, 999));
}

TEST_CASE("one repository is followed once by a user, by another as well, and no user follows more than the limit") {
  testing::database db;
  auto c = db.connect();
  const auto first = add_repository(*c, "ada", octo(), 2, by).row.id;
  const auto again = refused([&] { add_repository(*c, "ada", octo("renamed"), 2, by); });
  CHECK(again.code == fault::conflict);
  CHECK(again.details.at(0).message == std::to_string(first));
  CHECK(add_repository(*c, "grace", octo(), 2, by).row.id != first);
  CHECK(tracked(*c, 77).size() == 2);

  auto git = confirmed_repository{};
  git.wanted.provider = "git";
  git.wanted.url = "https://example.org/a.git";
  git.wanted.name = "a";
  CHECK(add_repository(*c, "ada", git, 2, by).row.name == "a");
  CHECK(refused([&] { add_repository(*c, "ada", git, 3, by); }).code == fault::conflict);
  CHECK(refused([&] { add_repository(*c, "ada", octo("third", 78), 2, by); }).code == fault::invalid_fields);
  CHECK(list_repositories(*c, "ada", 0, 10).size() == 2);
  CHECK(list_repositories(*c, "ada", first, 10).size() == 1);

  remove_repository(*c, "ada", first, by);
  CHECK(tracked(*c, 77).size() == 1);
  CHECK(load_repository(*c, first)->state == "removed");
  CHECK(refused([&] { find_repository(*c, "ada", first); }).code == fault::not_found);
  CHECK(add_repository(*c, "ada", octo(), 2, by).row.id != first);
}

TEST_CASE("law 9: another user's repository looks as if it were not there") {
  testing::database db;
  auto c = db.connect();
  const auto id = add_repository(*c, "ada", octo(), 2, by).row.id;
  const auto of_nobody = refused([&] { find_repository(*c, "grace", id + 1); });
  const auto of_another = refused([&] { find_repository(*c, "grace", id); });
  CHECK(of_another.code == fault::not_found);
  CHECK(of_nobody.code == fault::not_found);
  CHECK(refused([&] { change_repository(*c, "grace", id, {}, by); }).code == fault::not_found);
  CHECK(refused([&] { remove_repository(*c, "grace", id, by); }).code == fault::not_found);
  CHECK(refused([&] { request_sync(*c, "grace", id, true, by); }).code == fault::not_found);
  CHECK(list_repositories(*c, "grace", 0, 10).empty());
}

TEST_CASE("a change that bears upon files enqueues a full sync, and no other does") {
  testing::database db;
  auto c = db.connect();
  const auto id = add_repository(*c, "ada", octo(), 2, by).row.id;
  const auto key = "contents/" + std::to_string(id);
  CHECK(change_repository(*c, "ada", id, {}, by).filter == octo().wanted.filter);
  CHECK(jobs(db) == key + " false 1");
  auto x = contents::repository_change{};
  x.include.emplace();
  x.branch = "dev";
  x.file_bytes_max = std::optional<std::int64_t>{};
  const auto changed = change_repository(*c, "ada", id, x, by);
  CHECK(changed.branch == "dev");
  CHECK(changed.filter.include.empty());
  CHECK_FALSE(changed.filter.file_bytes_max);
  CHECK(changed.filter.exclude == octo().wanted.filter.exclude);
  CHECK(jobs(db) == key + " false 1, " + key + " true 1");
}

TEST_CASE("a sync by hand is not asked for twice while one waits that does as much") {
  testing::database db;
  auto c = db.connect();
  const auto added = add_repository(*c, "ada", octo(), 2, by);
  CHECK(request_sync(*c, "ada", added.row.id, false, by) == added.job_id);
  const auto full = request_sync(*c, "ada", added.row.id, true, by);
  CHECK(full != added.job_id);
  CHECK(request_sync(*c, "ada", added.row.id, true, by) == full);
  db.sql("UPDATE jobs SET state = 'running'");
  CHECK(request_sync(*c, "ada", added.row.id, false, by) > full);
}

TEST_CASE("law 9: what the node's own token sees is not for users, and credentials are their user's alone") {
  testing::database db;
  auto c = db.connect();
  auto hidden = octo();
  hidden.found.is_private = true;
  CHECK(refused([&] { add_repository(*c, "ada", hidden, 2, by); }).details.at(0).pointer == "/credentialId");
  CHECK(add_repository(*c, "", hidden, 2, by).row.is_private); // the node's own

  const auto of_grace = add_credential(db, "grace", "personal", "grace");
  CHECK(refused([&] { choose_credential(*c, "ada", "octo", of_grace); }).code == fault::invalid_fields);
  hidden.wanted.credential_id = of_grace;
  CHECK(refused([&] { add_repository(*c, "ada", hidden, 2, by); }).code == fault::invalid_fields);
  CHECK(choose_credential(*c, "ada", "octo", 0) == 0);
  const auto other_account = add_credential(db, "ada", "installation", "elsewhere");
  CHECK(choose_credential(*c, "ada", "octo", 0) == 0);
  CHECK(choose_credential(*c, "ada", "octo", other_account) == other_account);
  const auto token = add_credential(db, "ada", "personal", "ada");
  CHECK(choose_credential(*c, "ada", "octo", 0) == token);
  const auto installed = add_credential(db, "ada", "installation", "Octo");
  CHECK(choose_credential(*c, "ada", "octo", 0) == installed);
  db.sql("UPDATE provider_credentials SET state = 'suspended' WHERE id = " + std::to_string(installed));
  CHECK(choose_credential(*c, "ada", "octo", 0) == token);
  CHECK(refused([&] { choose_credential(*c, "ada", "octo", installed); }).code == fault::invalid_fields);

  hidden.wanted.credential_id = token;
  const auto id = add_repository(*c, "ada", hidden, 2, by).row.id;
  auto without = contents::repository_change{};
  without.credential_id = 0;
  CHECK(refused([&] { change_repository(*c, "ada", id, without, by); }).code == fault::invalid_fields);
}

TEST_CASE("syncs are listed with the newest first, and found by their job") {
  testing::database db;
  auto c = db.connect();
  const auto added = add_repository(*c, "ada", octo(), 2, by);
  const auto id = std::to_string(added.row.id);
  db.sql("INSERT INTO content_syncs (repository_id, job_id, trigger, state, plan, requests, added, error) VALUES (" + id + ", " +
         std::to_string(added.job_id) + ", 'manual', 'failed', 'tree', 3, 0, 'no answer'), (" + id + ", " +
         std::to_string(added.job_id) + ", 'manual', 'succeeded', 'tree tarball', 5, 9, NULL)");
  const auto all = list_content_syncs(*c, added.row.id, std::numeric_limits<std::int64_t>::max(), 10);
  REQUIRE(all.size() == 2);
  CHECK(all[0].plan == "tree tarball");
  CHECK(all[1].error == "no answer");
  CHECK(list_content_syncs(*c, added.row.id, all[0].id, 10).size() == 1);
  CHECK(content_sync_of_job(*c, added.job_id)->added == 9);
  CHECK_FALSE(content_sync_of_job(*c, 12'345));
}
