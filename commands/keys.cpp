#include "commands/keys.hpp"

#include "commands/node_database.hpp"
#include "commands/table.hpp"
#include "config/master_keys.hpp"
#include "config/secrets.hpp"
#include "model/json_object.hpp"
#include "model/json_write.hpp"
#include "storage/sealed_columns.hpp"

#include <ostream>
#include <stdexcept>

namespace ingot::commands {

namespace {

/// With the key in data_dir when none is configured.
settings with_kept_keys(const settings& of) {
  auto out = of;
  read_kept_secrets(out, of.data_dir);
  return out;
}

const char* role_of(const master_keys& keys, const std::string& id) {
  return id.empty() ? "damaged" : id == keys.current_id() ? "current" : keys.knows(id) ? "previous" : "not at hand";
}

std::string counts_json(const std::vector<storage::sealed_count>& counts, const master_keys& keys) {
  auto items = std::vector<std::string>{};
  for (const auto& x : counts)
    items.push_back(json_object{}
                        .add("key_id", x.key_id)
                        .add("role", role_of(keys, x.key_id))
                        .add("column", x.column)
                        .add("values", x.values)
                        .text());
  return json_array(items);
}

/// The new key. Values sealed with the old one open as before: both are at hand from now on.
bool begin(const settings& of) {
  if (of.master_key_in_file)
    return begin_master_key_rotation(of);
  if (of.master_key_previous.empty())
    throw usage_error{"the master key is configured: make a new one (openssl rand -base64 32), then\n"
                      "  1. restart every node with INGOT_MASTER_KEY as it is and INGOT_MASTER_KEY_PREVIOUS set to the new one, "
                      "so that all can "
                      "open what the new one seals;\n"
                      "  2. restart every node with the two the other way round, and run this with the same environment"};
  return false;
}

struct totals {
  std::uint64_t resealed = 0;
  std::vector<std::string> unopened;
};

totals reseal_all(storage::connection& db, const master_keys& keys, const terminal& to) {
  auto out = totals{};
  for (const auto& column : storage::sealed_columns()) {
    auto step = storage::reseal_step{};
    do {
      step = storage::reseal(db, keys, column, step.last_id);
      out.resealed += step.resealed;
      out.unopened.insert(out.unopened.end(), step.unopened.begin(), step.unopened.end());
      if (step.more && !to.json)
        to.err << column << ": " << out.resealed << " sealed anew so far\n";
    } while (step.more);
  }
  return out;
}

int drop_previous(const settings& of, storage::connection& db, const terminal& to) {
  if (!of.master_key_in_file)
    throw usage_error{"the master key is configured: take INGOT_MASTER_KEY_PREVIOUS away from every node instead"};
  const auto keys = master_keys{of};
  for (const auto& x : storage::count_sealed(db))
    if (x.key_id != keys.current_id())
      throw std::runtime_error{std::to_string(x.values) + " values of " + x.column +
                               " are not sealed with the current master key: run `ingot keys rotate-master` first"};
  const auto dropped = drop_previous_master_key(of);
  if (to.json)
    to.out << json_object{}.add("dropped", dropped).text() << '\n';
  else
    to.out << (dropped ? "The previous master key is forgotten.\n" : "There is no previous master key.\n");
  return done;
}

} // namespace

int list_master_keys(const settings& of, const terminal& to) {
  const auto keys = master_keys{with_kept_keys(of)};
  const auto database = node_database{of};
  const auto counts = storage::count_sealed(*database.connect());
  if (to.json) {
    to.out << json_object{}.add("current", keys.current_id()).add_raw("sealed", counts_json(counts, keys)).text() << '\n';
    return done;
  }
  auto listing = table{{"KEY", "ROLE", "COLUMN", "VALUES"}, {}};
  for (const auto& x : counts)
    listing.rows.push_back({x.key_id.empty() ? "-" : x.key_id, role_of(keys, x.key_id), x.column, std::to_string(x.values)});
  to.out << "Current master key: " << keys.current_id() << "\n";
  if (!counts.empty())
    print(to.out, listing, to.coloured);
  return done;
}

int rotate_master_key(const settings& of, const rotate_options& options, timestamp now, const terminal& to) {
  const auto complete = with_kept_keys(of);
  const auto database = node_database{of};
  const auto db = database.connect();
  if (options.drop_previous)
    return drop_previous(complete, *db, to);
  if (complete.master_key.empty())
    throw std::runtime_error{"there is no master key to rotate: run this where the node's data folder is (INGOT_DATA_DIR)"};
  const auto made = begin(complete);
  const auto keys = master_keys{complete};
  const auto did = reseal_all(*db, keys, to);
  storage::note_rotation(*db, {"command line", now}, keys.current_id(), did.resealed);
  if (to.json) {
    auto unopened = std::vector<std::string>{};
    for (const auto& x : did.unopened)
      append_json_string(unopened.emplace_back(), x);
    to.out << json_object{}
                  .add("current", keys.current_id())
                  .add("made", made)
                  .add("resealed", did.resealed)
                  .add_raw("unopened", json_array(unopened))
                  .text()
           << '\n';
  } else {
    to.out << (made ? "A new master key was made: " : "Master key: ") << keys.current_id() << "\n"
           << did.resealed << " values sealed anew.\n";
    for (const auto& x : did.unopened)
      to.err << x << '\n';
    if (complete.master_key_in_file && !made)
      to.out << "That finished the rotation that was begun before; to make another key, forget the previous one first.\n";
    if (complete.master_key_in_file)
      to.out << "The previous key stays in " << previous_master_key_file
             << ", for nodes that sealed with it meanwhile; forget it with --drop-previous.\n";
  }
  return did.unopened.empty() ? done : failed;
}

} // namespace ingot::commands
