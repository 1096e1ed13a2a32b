#include "storage/sealed_columns.hpp"

#include "storage/binary_array.hpp"
#include "storage/credentials.hpp"
#include "storage/pgx.hpp"
#include "storage/site_webhooks.hpp"

#include <algorithm>
#include <stdexcept>

namespace ingot::storage {

namespace {

/// A column, what its values are sealed for, and its statements.
struct sealed_column {
  const char* name;
  std::string (*place)(std::int64_t id);
  const char* count; ///< by key id (bytes 2 to 9 of a value of version 1)
  const char* batch; ///< locked: id and value, after $1, not sealed with the key $2 (bytes), at most $3
  const char* write; ///< values $2 of the ids $1, sealed with the key $3 (hex)
};

const sealed_column columns[] = {
    {"sites.notify_secret", webhook_secret_place,
     // By key id; a damaged value has none.
     R"sql(
       SELECT CASE WHEN get_byte(notify_secret, 0) = 1 THEN encode(substring(notify_secret FROM 2 FOR 8), 'hex') ELSE '' END, count(*)
       FROM sites WHERE length(notify_secret) > 9 GROUP BY 1 ORDER BY 1
     )sql",
     // Locked, so that whoever sets one anew comes before or after.
     R"sql(
       SELECT id, notify_secret FROM sites
       WHERE id > $1 AND notify_secret IS NOT NULL AND substring(notify_secret FROM 2 FOR 8) <> $2::bytea
       ORDER BY id LIMIT $3 FOR NO KEY UPDATE
     )sql",
     // Behind those locks. Nothing that a reader polls changes.
     R"sql(
       UPDATE sites s SET notify_secret = x.value FROM unnest($1::int8[], $2::bytea[]) AS x (id, value)
       WHERE s.id = x.id AND $3::text <> ''
     )sql"},
    {"provider_credentials.data_key", data_key_place,
     // By key id; a damaged value has none.
     R"sql(
       SELECT CASE WHEN get_byte(data_key, 0) = 1 THEN encode(substring(data_key FROM 2 FOR 8), 'hex') ELSE '' END, count(*)
       FROM provider_credentials WHERE length(data_key) > 9 GROUP BY 1 ORDER BY 1
     )sql",
     // Locked, so that a refresh of tokens comes before or after.
     R"sql(
       SELECT id, data_key FROM provider_credentials
       WHERE id > $1 AND data_key IS NOT NULL AND substring(data_key FROM 2 FOR 8) <> $2::bytea
       ORDER BY id LIMIT $3 FOR NO KEY UPDATE
     )sql",
     // Behind those locks. The secret stays as it is, and so does its version.
     R"sql(
       UPDATE provider_credentials c SET data_key = x.value, key_id = $3 FROM unnest($1::int8[], $2::bytea[]) AS x (id, value)
       WHERE c.id = x.id
     )sql"},
};

const sealed_column& column_of(const std::string& name) {
  const auto found = std::find_if(std::begin(columns), std::end(columns), [&](const auto& x) { return x.name == name; });
  if (found == std::end(columns))
    throw std::logic_error{"there is no sealed column " + name};
  return *found;
}

/// 16 hexadecimal digits as 8 bytes.
std::string bytes_of_hex(const std::string& hex) {
  auto out = std::string{};
  for (auto i = std::size_t{0}; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

} // namespace

std::vector<std::string> sealed_columns() {
  auto out = std::vector<std::string>{};
  for (const auto& x : columns)
    out.emplace_back(x.name);
  return out;
}

std::vector<sealed_count> count_sealed(connection& db) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<sealed_count>{};
  for (const auto& x : columns)
    for (const auto& row : pgx::query(tx, x.count))
      out.push_back({x.name, std::string{pgx::text(row[0])}, row[1].as<std::uint64_t>()});
  return out;
}

reseal_step reseal(connection& db, const master_keys& keys, const std::string& column, std::int64_t after) {
  const auto& of = column_of(column);
  const auto current = bytes_of_hex(keys.current_id());
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, of.batch, after, pgx::binary{current}, reseal_batch);
  auto out = reseal_step{};
  out.more = rows.size() == static_cast<decltype(rows.size())>(reseal_batch);
  out.last_id = after;
  auto ids = int8_array{};
  auto values = bytea_array{};
  for (const auto& row : rows) {
    out.last_id = row[0].as<std::int64_t>();
    const auto place = of.place(out.last_id);
    try {
      values.add(keys.seal(keys.open(pgx::bytes(row[1]), place), place));
      ids.add(out.last_id);
    } catch (const unsealable& e) {
      out.unopened.push_back(place + ": " + e.what());
    }
  }
  if (ids.size() > 0)
    pgx::query(tx, of.write, ids.parameter(), values.parameter(), keys.current_id());
  tx.commit();
  out.resealed = ids.size();
  return out;
}

void note_rotation(connection& db, const operator_action& by, const std::string& key_id, std::uint64_t resealed) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  append_audit_line(tx, by, "master key rotated", "master key " + key_id, std::to_string(resealed) + " values sealed anew");
  tx.commit();
}

} // namespace ingot::storage
