#include "storage/content_store.hpp"
#include "storage/delivery_receipt.hpp"
#include "storage/job_statements.hpp"
#include "storage/provider_repositories.hpp"
#include "storage/release_fetches.hpp"
#include "tests/storage/refusal.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <functional>

using namespace ingot;
using namespace ingot::storage;
using testing::holds;
using testing::refusal;

namespace {

constexpr auto at = timestamp{std::chrono::hours{475'000}};

/// A job of some kind that runs under another token by now, and the lease that was lost.
job_lease lost_lease(const testing::database& db) {
  const auto id =
      db.sql("INSERT INTO jobs (kind, key, state, attempts, lease_token, lease_until) VALUES ('some', 'k', 'running', 2, "
             "gen_random_uuid(), now() + interval '1 minute') RETURNING id");
  return {std::stoll(id), "00000000-0000-4000-8000-000000000000", "k", "some"};
}

contents::sync_order order_of(std::int64_t repository) {
  return {repository, contents::urgency::manual, false, {}};
}

} // namespace

TEST_CASE("law 12: whoever has lost the lease of a job notes nothing of Drupal's releases or GitHub's log, and follows nothing") {
  testing::database db;
  const auto c = db.connect();
  const auto lease = lost_lease(db);
  const auto fetched = release_fetch{at, "\"e\"", ""};
  const auto writes = std::vector<std::function<void()>>{
      [&] {
        import_releases(*c, {"token", "T", "published", {}, {}, {}}, at, fetched, older_histories::refused, &lease);
      },
      [&] { confirm_release_fetch(*c, "token", at, &lease); },
      [&] { record_release_failure(*c, "token", "no answer", at, &lease); },
      [&] {
        note_missed(*c, "", std::vector{github::logged_delivery{"b", 7, "push", "", "failed", at, at}}, &lease);
      },
      [&] { note_asked(*c, "", "b", at, &lease); },
      [&] { give_up(*c, "", "b", "too old", &lease); },
      [&] { note_unlisted(*c, "", at, at, "nobody looked", &lease); },
      [&] { conclude_look(*c, "", at, at, &lease); },
      [&] { note_failed_look(*c, "", "no answer", at, at, &lease); },
      [&] {
        auto x = confirmed_repository{};
        x.wanted.provider = "github";
        x.wanted.owner = x.found.owner = "forge";
        x.wanted.name = x.found.name = "anvil";
        x.found.external_id = 7;
        add_repository(*c, "", x, 10, {"node", at}, &lease);
      }};
  for (const auto& write : writes)
    CHECK(holds(refusal(write), "no longer leased to this node"));
  for (const auto* table : {"drupal_projects", "missed_deliveries", "delivery_receipts", "provider_repositories"})
    CHECK(db.sql(std::string{"SELECT count(*) FROM "} + table) == "0");
  CHECK(db.sql("SELECT count(*) FROM jobs") == "1");
}

TEST_CASE("law 12: whoever has lost the lease of a sync says nothing of the repository") {
  testing::database db;
  const auto id =
      std::stoll(db.sql("INSERT INTO provider_repositories (user_id, provider, owner, name, external_id, default_branch) "
                        "VALUES ('', 'github', 'forge', 'anvil', 7, 'main') RETURNING id"));
  const auto store = open_content_store(db.url(), db.settings());
  const auto lease = lost_lease(db);
  store->work_for(lease);
  const auto before = db.sql("SELECT md5(string_agg(t::text, '')) FROM provider_repositories t");
  const auto subject = store->load(id);
  REQUIRE(subject);
  const auto orders = std::vector{order_of(id)};
  const auto results = std::vector<check_result>{{id, {}, "\"e\"", {}, {}}};
  const auto writes = std::vector<std::function<void()>>{[&] { store->begin(*subject, lease, contents::urgency::manual, {}); },
                                                         [&] { store->note_progress(1, {}, 1, 1); },
                                                         [&] { store->note_current(results, milliseconds{1'000}); },
                                                         [&] { store->note_failure(id, 0, "no answer", {}, {}); },
                                                         [&] { store->set_state(id, "gone", "404"); },
                                                         [&] { store->enqueue(orders); }};
  for (const auto& write : writes)
    CHECK(holds(refusal(write), "no longer leased to this node"));
  CHECK(db.sql("SELECT md5(string_agg(t::text, '')) FROM provider_repositories t") == before);
  CHECK(db.sql("SELECT (SELECT count(*) FROM content_syncs) + (SELECT count(*) FROM jobs)") == "1");
}
