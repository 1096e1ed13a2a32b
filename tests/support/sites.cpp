#include "tests/support/sites.hpp"

#include "config/secrets.hpp"
#include "storage/sites.hpp"

namespace ingot::testing {

namespace json = boost::json;

test_site make_site(const std::string& database_url, const std::string& name) {
  auto settings = database_settings{};
  settings.statement_timeout = milliseconds{30'000};
  auto db = storage::connection{database_url, settings};
  const auto by = storage::operator_action{"a test", {}};
  auto out = test_site{};
  out.id = storage::add_site(db, name, std::nullopt, by);
  out.key = storage::create_key(db, out.id, "", random_bytes(), by).text;
  return out;
}

sync_body::sync_body(const std::string& at) {
  members = {{"site_info", {{"name", "Forge"}, {"environment", "live"}, {"last_cron", 1700000000}}},
             {"modules", json::array{}},
             {"sync_timestamp", at},
             {"drupal_version", "10.3.0"},
             {"php_version", "8.2.7"}};
}

sync_body& sync_body::module(const std::string& machine_name, const std::string& version, bool enabled) {
  modules().push_back(
      {{"machine_name", machine_name}, {"name", machine_name}, {"type", "contrib"}, {"version", version}, {"status", enabled}});
  return *this;
}

sync_body many_modules(const std::string& at, int count, int changed, const std::string& version) {
  auto out = sync_body{at};
  for (auto i = 0; i < count; ++i)
    out.module("m" + std::to_string(i), i < changed ? version : "1.0.0");
  return out;
}

http_answer sync(http_client& to, const test_site& as, const std::string& body, const std::vector<header>& more) {
  auto headers = std::vector<header>{{"X-API-Key", as.key}, {"Content-Type", "application/json"}};
  headers.insert(headers.end(), more.begin(), more.end());
  return to.request("POST", as.sync_path(), headers, body);
}

json::object object_of(const http_answer& x) {
  return json::parse(x.body).as_object();
}

} // namespace ingot::testing
