#include "commands/doctor.hpp"

#include "commands/node_database.hpp"
#include "config/master_keys.hpp"
#include "config/secrets.hpp"
#include "storage/migrations.hpp"
#include "storage/sealed_columns.hpp"
#include "storage/server_facts.hpp"

#include <cstdlib>
#include <optional>

namespace ingot::commands {

namespace {

constexpr int version_number_min = 140'000;
constexpr std::chrono::seconds skew_max{5};

/// YugabyteDB calls itself 11.2-YB-2.20.1.0-b0, say, and is another server than PostgreSQL 11.
bool is_yugabyte(const storage::server_facts& server) {
  return server.version.find("-YB-") != std::string::npos;
}

std::string libpq_text() {
  auto number = storage::libpq_version();
  return std::to_string(number / 10'000) + "." + std::to_string(number % 10'000);
}

/// About as many as a node opens: WRITERs, READERs, SITE WRITERs, and one each for other intakes, jobs, limits, seals, rollups,
/// sweeps and probes.
std::int64_t connections_of_a_node(const settings& of) {
  return static_cast<std::int64_t>(of.database.writers) + of.database.readers + of.sites.writers + 10;
}

finding judge_connections(const settings& of, const storage::server_facts& server) {
  const auto needed = connections_of_a_node(of);
  const auto found = std::to_string(server.connections_used) + " of " + std::to_string(server.connections_max) +
                     " in use; a node opens some " + std::to_string(needed);
  if (needed > server.connections_max)
    return {"connections", verdict::fail, found,
            "lower database.writers, database.readers or sites.writers, or raise the server's max_connections"};
  if (server.connections_max - server.connections_used < needed / 2)
    return {"connections", verdict::warn, found, "raise the server's max_connections before another node or a backup finds none"};
  return {"connections", verdict::ok, found, ""};
}

finding judge_work(const storage::unfinished_work& x) {
  auto found = std::string{}, advice = std::string{};
  const auto add = [&](std::int64_t count, const std::string& what, const std::string& command) {
    if (count == 0)
      return;
    found += (found.empty() ? "" : ", ") + std::to_string(count) + " " + what;
    advice += (advice.empty() ? "" : "; ") + command;
  };
  add(x.jobs_dead, "dead jobs", "ingot jobs list --state dead");
  add(x.jobs_failed, "failed jobs", "ingot jobs list --state failed");
  add(x.deliveries_failed, "failed deliveries of the last week", "ingot deliveries list --outcome failed --since 7d");
  add(x.audit_overdue, "audit lines that nobody seals", "ingot audit verify");
  return {"unfinished work", found.empty() ? verdict::ok : verdict::warn, found.empty() ? "none" : found,
          advice.empty() ? "" : "see why, mend it, then retry or replay: " + advice};
}

/// Whether the master keys at hand open what the rows hold.
finding examine_sealed(const settings& of, storage::connection& db) {
  auto complete = of;
  try {
    read_kept_secrets(complete, of.data_dir);
    const auto counts = storage::count_sealed(db);
    auto keys = std::optional<master_keys>{};
    if (!complete.master_key.empty() || complete.master_key_in_file)
      keys.emplace(complete);
    std::uint64_t closed = 0, all = 0;
    for (const auto& x : counts) {
      all += x.values;
      closed += keys && keys->knows(x.key_id) ? 0 : x.values;
    }
    if (closed > 0)
      return {"master key", verdict::fail,
              "it does not open " + std::to_string(closed) + " of " + std::to_string(all) + " sealed secrets",
              "bring back the key that sealed them (master.key of a backup, or INGOT_MASTER_KEY; `ingot keys list --master` "
              "names it), or "
              "set those secrets anew"};
    return {"master key", verdict::ok,
            keys ? "opens all " + std::to_string(all) + " sealed secrets" : "none yet; made at the first start", ""};
  } catch (const std::exception& e) {
    return {"master key", verdict::fail, e.what(), "it must be base64 of 32 bytes: openssl rand -base64 32"};
  }
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

findings judge_server(const settings& of, const storage::server_facts& server) {
  const auto embedded = of.database.url.empty();
  const auto old = server.version_number < version_number_min && !is_yugabyte(server);
  auto out = findings{
      {"database", old ? verdict::fail : verdict::ok,
       std::string{embedded ? "embedded" : "of DATABASE_URL"} + ", PostgreSQL " + server.version + ", libpq " + libpq_text(),
       old ? "PostgreSQL 14 or newer is needed" : ""}};
  if (server.encoding != "UTF8")
    out.push_back({"encoding", verdict::fail, "the database keeps texts as " + server.encoding,
                   "make another one: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"});
  if (!server.fsync || !server.full_page_writes)
    out.push_back({"durability", verdict::fail,
                   std::string{server.fsync ? "full_page_writes" : "fsync"} + " is off in the server",
                   "set it to on (ALTER SYSTEM, then reload): else what was acknowledged is lost when the machine loses power"});
  else
    out.push_back({"durability", verdict::ok, "fsync and full_page_writes are on", ""});
  if (server.pooled)
    out.push_back(
        {"pooler", verdict::warn, "a connection pooler stands before the database",
         "it must be in session mode (PgBouncer: pool_mode = session): settings of a session and prepared statements get lost in "
         "the others. Better: let DATABASE_URL name the server itself"});
  out.push_back(judge_connections(of, server));
  return out;
}

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
    auto out = judge_server(of, server);
    out.push_back(examine_migrations(*db));
    out.push_back(examine_clock(server, before, after));
    if (storage::migrated_to(*db) == static_cast<int>(storage::all_migrations().size())) {
      out.push_back(examine_sealed(of, *db));
      out.push_back(judge_work(storage::find_unfinished_work(*db)));
    }
    return out;
  } catch (const std::exception& e) {
    return {{"database", verdict::fail, e.what(),
             of.database.url.empty() ? "look into " + (of.data_dir / "postgres" / "log" / "postgres.log").string()
                                     : "is the server up, the address in DATABASE_URL right, the network open?"}};
  }
}

} // namespace ingot::commands
