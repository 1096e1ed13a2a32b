#include "commands/keys.hpp"
#include "commands/site_webhook.hpp"
#include "config/master_keys.hpp"
#include "config/secrets.hpp"
#include "storage/credentials.hpp"
#include "storage/sealed_columns.hpp"
#include "storage/site_webhooks.hpp"
#include "tests/config/scratch_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/has_text.hpp"
#include "tests/support/postgres.hpp"

#include <sstream>

using namespace ingot;
using namespace ingot::commands;

namespace {

constexpr auto one_key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
constexpr auto other_key = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
const auto now = *parse_rfc3339("2024-05-01T12:00:00Z");

struct fixture {
  testing::database db;
  scratch_folder folder;
  settings of;
  std::string said;

  fixture() {
    of.database = db.settings();
    of.data_dir = folder.path();
  }

  int rotate(rotate_options options = {}) {
    std::ostringstream out, err;
    const auto result = rotate_master_key(of, options, now, {out, err, true, false});
    said = out.str() + err.str();
    return result;
  }

  /// So many webhooks of sites and credentials, sealed with the current key.
  void fill(int count) {
    auto with = of;
    ensure_secrets(with, of.data_dir);
    const auto keys = master_keys{with};
    auto link = db.connect();
    for (auto i = 1; i <= count; ++i) {
      db.sql("INSERT INTO sites (id, name) VALUES (" + std::to_string(i) + ", 'x')");
      storage::set_site_webhook(
          *link, i, storage::site_webhook{"https://example.org/", keys.seal("whsec_hush", storage::webhook_secret_place(i))},
          {"test", now});
      auto x = storage::new_credential{};
      x.user_id = "u" + std::to_string(i);
      x.access_token = "ghp_hush";
      storage::put_credential(*link, keys, x, {"test", now});
    }
  }

  /// Everything opens with these keys, and nothing is sealed with another one than `id`.
  void check_all(const master_keys& keys, int count, const std::string& id) {
    auto link = db.connect();
    for (const auto& x : storage::count_sealed(*link)) {
      CHECK(x.key_id == id);
      CHECK(x.values == static_cast<std::uint64_t>(count));
    }
    for (auto i = 1; i <= count; ++i)
      CHECK(keys.open(storage::find_site_webhook(*link, i)->sealed_secret, storage::webhook_secret_place(i)) == "whsec_hush");
    for (const auto& x : storage::list_credentials(*link, std::nullopt, 0, 1'000)) {
      CHECK(storage::open_credential(*storage::load_credential(*link, x.id), keys).access_token == "ghp_hush");
      CHECK(x.key_id == id);
    }
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "a rotation seals everything anew, and the old master key opens nothing after it") {
  fill(3);
  auto old = of;
  read_kept_secrets(old, of.data_dir);
  old.master_key_in_file = false; // as somebody who has nothing but the old key
  const auto old_id = master_keys{old}.current_id();
  CHECK(rotate() == done);
  CHECK(said.find("\"made\":true,\"resealed\":6,\"unopened\":[]") != std::string::npos);
  CHECK(said.find("hush") == std::string::npos);
  auto renewed = of;
  read_kept_secrets(renewed, of.data_dir);
  const auto id = master_keys{renewed}.current_id();
  CHECK(id != old_id);
  check_all(master_keys{renewed}, 3, id);
  auto link = db.connect();
  CHECK_THROWS_AS(master_keys{old}.open(storage::find_site_webhook(*link, 1)->sealed_secret, storage::webhook_secret_place(1)),
                  unsealable);
  CHECK_THROWS_AS(storage::open_credential(*storage::load_credential(*link, 1), master_keys{old}), unsealable);

  CHECK(rotate() == done); // nothing is left to do
  CHECK(said.find("\"made\":false,\"resealed\":0") != std::string::npos);
  CHECK(rotate({.drop_previous = true}) == done);
  CHECK_FALSE(master_keys{renewed}.knows(old_id));
  CHECK(rotate() == done);
  CHECK(said.find("\"made\":true,\"resealed\":6") != std::string::npos);
  CHECK(db.sql("SELECT count(*) FROM audit_log WHERE action = 'master key rotated'") == "3");
}

TEST_CASE_METHOD(fixture, "a rotation that was cut goes on, batch by batch, and refuses to forget a key that is needed") {
  fill(5);
  auto node = of;
  read_kept_secrets(node, of.data_dir);
  CHECK(begin_master_key_rotation(node));
  auto link = db.connect();
  const auto step = storage::reseal(*link, master_keys{node}, "sites.notify_secret", 2); // the last three, and then it fell
  CHECK(step.resealed == 3);
  CHECK_FALSE(step.more);
  CHECK(storage::count_sealed(*link).size() == 3);
  CHECK_THROWS_WITH(rotate({.drop_previous = true}), testing::has_text("rotate-master"));
  CHECK(rotate() == done);
  CHECK(said.find("\"made\":false,\"resealed\":7") != std::string::npos);
  check_all(master_keys{node}, 5, master_keys{node}.current_id());
}

TEST_CASE_METHOD(fixture, "configured keys rotate when both are given") {
  of.master_key = one_key;
  fill(2);
  CHECK_THROWS_AS(rotate(), usage_error);
  of.master_key = other_key;
  of.master_key_previous = one_key;
  CHECK(rotate() == done);
  of.master_key_previous.clear();
  check_all(master_keys{of}, 2, master_keys{of}.current_id());
  CHECK_THROWS_AS(rotate({.drop_previous = true}), usage_error);
}

TEST_CASE_METHOD(fixture, "what no key opens is named, and stops nothing else") {
  fill(2);
  db.sql("UPDATE sites SET notify_secret = set_byte(notify_secret, 30, get_byte(notify_secret, 30) # 1) WHERE id = 1");
  CHECK(rotate() == failed);
  CHECK(said.find("\"resealed\":3,\"unopened\":[\"site/1/notify_secret: ") != std::string::npos);
  std::ostringstream out, err;
  CHECK(list_master_keys(of, {out, err, true, false}) == done);
  CHECK(out.str().find("\"role\":\"previous\",\"column\":\"sites.notify_secret\",\"values\":1") != std::string::npos);
  CHECK(out.str().find("\"role\":\"current\",\"column\":\"provider_credentials.data_key\",\"values\":2") != std::string::npos);
}
