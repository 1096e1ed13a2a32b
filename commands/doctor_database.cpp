#include "commands/doctor.hpp"

#include "commands/node_database.hpp"
#include "storage/migrations.hpp"
#include "storage/server_facts.hpp"

#include <cstdlib>

namespace ingot::commands {

namespace {

constexpr int version_number_min = 110'000; // YugabyteDB tells 11.2 or 15
constexpr std::chrono::seconds skew_max{5};

std::string libpq_text() {
  auto number = storage::libpq_version();
  return std::to_string(number / 10'000) + "." + std::to_string(number % 10'000);
}

finding examine_migrations(storage::connection& db) {
  auto at = storage::migrated_to(db);
  auto known = static_cast<int>(storage::all_migrations().size());
  auto found = "version " + std::to_string(at) + " of " + std::to_string(known);
  if (at > known)
    return {"migrations", verdict::fail, found, "the database is newer than this program: run a newer ingot"};
  if (at < known)
    return {"migrations", verdict::warn, found, "applied at the next start, or now by `ingot migrate`"};
  return {"migrations", verdict::ok, found, ""};
}

finding examine_clock(const storage::server_facts& server, timestamp before, timestamp after) {
  // Somewhere between the two the server looked at its clock.
  auto skew = server.clock < before  ? before - server.clock
              : server.clock > after ? server.clock - after
                                     : timestamp::duration{0};
  auto found =
      "within " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(skew).count()) + " ms of the database's";
  bool wrong = skew > skew_max;
  return {"clock", wrong ? verdict::warn : verdict::ok, found, wrong ? "let both machines keep time by NTP" : ""};
}

} // namespace

findings examine_database(const settings& of, const std::function<timestamp()>& now) {
  std::error_code ignored;
  if (of.database.url.empty() && !std::filesystem::exists(of.data_dir / "postgres", ignored))
    return {{"database", verdict::ok, "embedded; made at the first start", ""}};
  try {
    node_database database{of};
    auto db = database.connect();
    auto before = now();
    auto server = storage::read_server_facts(*db);
    auto after = now();
    bool old = server.version_number < version_number_min;
    findings out{{"database", old ? verdict::fail : verdict::ok,
                  std::string{of.database.url.empty() ? "embedded" : "of DATABASE_URL"} + ", PostgreSQL " + server.version +
                      ", libpq " + libpq_text(),
                  old ? "PostgreSQL 14 or newer is needed" : ""}};
    out.push_back(examine_migrations(*db));
    out.push_back(examine_clock(server, before, after));
    return out;
  } catch (const std::exception& e) {
    return {{"database", verdict::fail, e.what(),
             of.database.url.empty() ? "look into " + (of.data_dir / "postgres" / "log" / "postgres.log").string()
                                     : "is the server up, the address in DATABASE_URL right, the network open?"}};
  }
}

} // namespace ingot::commands
