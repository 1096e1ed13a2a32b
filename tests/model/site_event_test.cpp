#include "model/drupal/site_event.hpp"
#include "tests/support/catch.hpp"

using namespace ingot;
using namespace ingot::drupal;

TEST_CASE("the event of a sync says what it changed, and its job is of its site's key") {
  auto x = sync_result{};
  x.sync_id = "0190f5d0-0000-7000-8000-000000000000";
  x.site_id = 7;
  x.outcome = sync_outcome::applied;
  x.processed = 120;
  x.added = 3;
  x.updated = 2;
  x.removed = 1;
  x.security_updates = 4;
  x.state_hash = "abc";
  CHECK(site_sync_event(x, *parse_rfc3339("2024-05-01T10:00:00Z")) ==
        R"({"type":"site.sync.completed","timestamp":"2024-05-01T10:00:00Z","data":{)"
        R"("sync_id":"sync_0190f5d0-0000-7000-8000-000000000000","site_id":7,"outcome":"applied","processed_count":120,)"
        R"("new_modules":3,"updated_modules":2,"removed_modules":1,"security_updates_found":4,"warnings":0,"errors":0,)"
        R"("state_hash":"abc"}})");
  CHECK(notify_job_key(7) == "site/7/notify");
}
