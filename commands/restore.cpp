#include "commands/restore.hpp"

#include "commands/backup.hpp"
#include "commands/backup_manifest.hpp"
#include "commands/node_database.hpp"
#include "config/master_keys.hpp"
#include "config/secrets.hpp"
#include "model/json_object.hpp"
#include "storage/backup_snapshot.hpp"
#include "storage/cluster.hpp"
#include "storage/database_dump.hpp"
#include "storage/migrations.hpp"
#include "storage/sealed_columns.hpp"
#include "storage/server_facts.hpp"
#include "storage/spool_copy.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <optional>
#include <ostream>
#include <stdexcept>

namespace ingot::commands {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t keys_at_once = 5'000;
constexpr std::size_t told_max = 10;

/// What is wrong, the first of it in words.
struct faults {
  std::uint64_t count = 0;
  std::vector<std::string> first;

  void add(const std::string& text) {
    ++count;
    if (first.size() < told_max)
      first.push_back(text);
  }
};

void say(const terminal& to, const std::string& text) {
  if (!to.json)
    to.err << text << std::endl;
}

std::string json_of(const faults& x) {
  auto out = std::vector<std::string>{};
  for (const auto& text : x.first)
    out.push_back(json_object{}.add("what", text).text());
  return json_array(out);
}

bool has(const backup_manifest& x, std::string_view file) {
  for (const auto& f : x.files)
    if (f.path == file)
      return true;
  return false;
}

/// Calls `each` with every file of the backup's contents.
template <class Function>
void for_each_blob(const fs::path& folder, Function each) {
  std::ifstream list{folder / blob_list_file};
  for (std::string line; std::getline(list, line);)
    each(parse_blob_line(line));
}

faults verify(const fs::path& folder, const backup_manifest& of, const terminal& to) {
  auto out = faults{};
  const auto judge = [&](const backup_file& expected, bool with_size) {
    std::error_code absent;
    if (!fs::exists(folder / expected.path, absent))
      return out.add(expected.path + " is missing");
    const auto found = measure(folder, expected.path);
    if (found.sha256 != expected.sha256 || (with_size && found.bytes != expected.bytes))
      out.add(expected.path + " is not what was written");
  };
  for (const auto& x : of.files)
    judge(x, true);
  auto blobs = std::uint64_t{0};
  if (has(of, blob_list_file))
    for_each_blob(folder, [&](const backup_file& x) {
      ++blobs;
      if (x.sha256.empty())
        out.add(std::string{blob_list_file} + " has a line that is none");
      else
        judge(x, false);
    });
  if (blobs != of.blob_count)
    out.add(std::string{blob_list_file} + " names " + std::to_string(blobs) + " files, not " + std::to_string(of.blob_count));
  say(to, "verified: " + std::to_string(of.files.size()) + " files, " + std::to_string(blobs) + " contents");
  return out;
}

constexpr std::array secret_files{webhook_secret_file, admin_token_file, master_key_file, previous_master_key_file};

/// The files would belong to root, and the node could not use them.
void refuse_foreign_folder(const settings& of) {
  struct stat about {};
  if (::stat(of.data_dir.c_str(), &about) == 0 && about.st_uid != ::geteuid())
    throw std::runtime_error{"the data folder " + of.data_dir.string() + " belongs to another user (number " +
                             std::to_string(about.st_uid) + "): run this as that user (runuser -u USER -- ingot restore …)"};
}

/// Throws when something stands where the backup goes, and it is not to be replaced.
void refuse_overwriting(const settings& of, const backup_manifest& from, bool replace) {
  if (storage::is_locked(of.data_dir))
    throw std::runtime_error{"a node runs on the data folder " + of.data_dir.string() + ": stop it first"};
  if (replace)
    return;
  auto standing = std::string{};
  const auto look = [&](const fs::path& name) {
    std::error_code ignored;
    if (fs::exists(of.data_dir / name, ignored))
      standing += (standing.empty() ? "" : ", ") + name.string();
  };
  if (has(from, dump_file) && of.database.url.empty())
    look("postgres");
  if (has(from, spool_file))
    look(spool_file);
  for (const auto file : secret_files)
    if (has(from, file))
      look(file);
  if (!standing.empty())
    throw std::runtime_error{"the data folder " + of.data_dir.string() + " is not empty (" + standing +
                             "): restore into another one (INGOT_DATA_DIR), or say --replace to lose what is there"};
}

void restore_secrets(const settings& of, const fs::path& folder, const backup_manifest& from) {
  for (const auto file : secret_files)
    if (has(from, file))
      copy_measured(folder / file, of.data_dir / file, true);
}

void restore_rows(const node_database& database, storage::connection& db, const fs::path& folder, bool replace,
                  const terminal& to) {
  if (const auto found = storage::count_relations(db); found > 0) {
    if (!replace)
      throw std::runtime_error{"the database is not empty (" + std::to_string(found) +
                               " tables, views and sequences): make an empty one, or say --replace to lose what is in it"};
    storage::empty_public_schema(db);
  }
  say(to, "database: reading it in");
  storage::restore_database(database.url(), storage::read_server_facts(db).version_number / 10'000, folder / dump_file,
                            [](std::uint64_t) {});
  say(to, "database: done");
}

/// Contents are never changed under their name: what is there already is the same.
void restore_blobs(const settings& of, const fs::path& folder, const terminal& to) {
  const auto store = blob_files_of(of);
  fs::create_directories(store);
  auto copied = std::uint64_t{0};
  for_each_blob(folder, [&](const backup_file& x) {
    const auto place = store / fs::path{x.path}.lexically_relative(blob_folder_name);
    std::error_code absent;
    if (fs::exists(place, absent) && fs::file_size(place, absent) == fs::file_size(folder / x.path))
      return;
    fs::create_directory(place.parent_path());
    ::chmod(place.parent_path().c_str(), 0700);
    copy_measured(folder / x.path, place, false);
    ++copied;
  });
  sync_file_system_of(store);
  say(to, "contents: " + std::to_string(copied) + " files copied");
}

void restore_spool(const settings& of, const fs::path& folder, const backup_manifest& from, const terminal& to) {
  // A log that stays behind would be taken for the new file's.
  for (const auto* end : {"-wal", "-shm", "-journal"})
    fs::remove(of.data_dir / (std::string{spool_file} + end));
  copy_measured(folder / spool_file, of.data_dir / spool_file, true);
  const auto found = storage::inspect_spool(of.data_dir);
  if (found.deliveries < from.spooled)
    throw std::runtime_error{"the spool holds " + std::to_string(found.deliveries) + " of " + std::to_string(from.spooled) +
                             " deliveries after it was restored: " + found.damage};
  say(to, "spool: " + std::to_string(found.deliveries) + " deliveries, which the node drains when it starts");
}

/// Contents that the rows name and the store lacks.
faults missing_blobs(const settings& of, storage::connection& db) {
  auto out = faults{};
  auto snapshot = storage::backup_snapshot{db};
  auto after = std::string{};
  for (auto keys = snapshot.blob_keys(after, keys_at_once); !keys.empty(); keys = snapshot.blob_keys(after, keys_at_once)) {
    after = keys.back();
    for (const auto& key : keys) {
      std::error_code absent;
      if (!fs::exists(blob_files_of(of) / key.substr(0, 2) / key, absent))
        out.add("the content " + key + " is missing");
    }
  }
  return out;
}

/// Secrets in rows that no key at hand opens.
faults closed_secrets(const settings& of, storage::connection& db) {
  auto out = faults{};
  auto complete = of;
  read_kept_secrets(complete, of.data_dir);
  auto keys = std::optional<master_keys>{};
  if (!complete.master_key.empty() || complete.master_key_in_file)
    keys.emplace(complete);
  for (const auto& x : storage::count_sealed(db))
    if (x.values > 0 && (!keys || !keys->knows(x.key_id)))
      out.add(std::to_string(x.values) + " values of " + x.column + " are sealed with the master key " + x.key_id +
              ", which is not at hand");
  return out;
}

int report(const backup_manifest& from, const faults& blobs, const faults& secrets, const settings& of, const terminal& to) {
  const auto whole = blobs.count == 0 && secrets.count == 0;
  if (to.json) {
    to.out << json_object{}
                  .add("ok", whole)
                  .add("begun_at", from.begun_at)
                  .add("schema_version", from.schema_version)
                  .add("spooled", from.spooled)
                  .add("blobs", from.blobs)
                  .add("blobs_missing", blobs.count)
                  .add_raw("missing", json_of(blobs))
                  .add_raw("sealed_with_other_keys", json_of(secrets))
                  .text()
           << '\n';
    return whole ? done : failed;
  }
  for (const auto* x : {&blobs, &secrets})
    for (const auto& text : x->first)
      to.err << text << '\n';
  if (blobs.count > blobs.first.size())
    to.err << "and " << blobs.count - blobs.first.size() << " more contents\n";
  if (secrets.count > 0)
    to.err << "Give it with INGOT_MASTER_KEY, or as the file " << master_key_file
           << " in the data folder, and look again with `ingot doctor`.\n";
  to.out << "Restored the backup of " << from.begun_at << " into " << of.data_dir.string()
         << (of.database.url.empty() || from.schema_version == 0 ? "" : " and " + mask_password(of.database.url)) << ".\n";
  if (from.blobs == "s3")
    to.out << "Contents of files are in the S3 store that the node had; they were not looked at.\n";
  if (!from.secrets)
    to.out << "The backup has no secrets: configure those of before, or new ones are made at the start.\n";
  if (from.schema_version > 0 && from.schema_version < static_cast<int>(storage::all_migrations().size()))
    to.out << "Its schema is version " << from.schema_version << "; the next start brings it to "
           << storage::all_migrations().size() << ".\n";
  return whole ? done : failed;
}

} // namespace

int restore(const settings& of, const restore_options& what, const terminal& to) {
  const auto from = read_manifest(what.folder);
  if (const auto known = static_cast<int>(storage::all_migrations().size()); from.schema_version > known)
    throw std::runtime_error{"the backup's schema is version " + std::to_string(from.schema_version) +
                             ", and this program knows " + std::to_string(known) + ": restore it with ingot " +
                             from.ingot_version + " or newer"};
  if (const auto wrong = verify(what.folder, from, to); wrong.count > 0) {
    auto text = "the backup " + what.folder.string() + " is damaged, and nothing was changed: ";
    for (const auto& x : wrong.first)
      text += x + (&x == &wrong.first.back() ? "" : "; ");
    throw std::runtime_error{text + (wrong.count > wrong.first.size() ? "; and more" : "")};
  }
  if (what.verify_only) {
    to.out << (to.json ? json_object{}.add("ok", true).text() : "The backup of " + from.begun_at + " is whole.") << '\n';
    return done;
  }
  refuse_foreign_folder(of);
  refuse_overwriting(of, from, what.replace);
  // Others may pass through (the embedded database runs as another user) but not look around.
  if (fs::create_directories(of.data_dir))
    fs::permissions(of.data_dir, fs::perms{0711});

  // Whoever restores has the folder alone. The embedded database takes the lock by itself.
  const auto with_rows = has(from, dump_file);
  auto lock = std::optional<storage::data_lock>{};
  auto database = std::optional<node_database>{};
  if (!with_rows || !of.database.url.empty())
    lock.emplace(of.data_dir);
  if (with_rows)
    database.emplace(of, node_database::when_missing::make);
  if (database && of.database.url.empty() && !database->started())
    throw std::runtime_error{"a node was started on the data folder " + of.data_dir.string() +
                             " meanwhile: stop it first; nothing was changed"};
  auto db = database ? database->connect() : nullptr;
  if (db)
    restore_rows(*database, *db, what.folder, what.replace, to);
  restore_secrets(of, what.folder, from);
  if (has(from, blob_list_file))
    restore_blobs(of, what.folder, to);
  if (has(from, spool_file))
    restore_spool(of, what.folder, from, to);
  if (!db)
    return report(from, {}, {}, of, to);
  const auto missing = from.blobs == "folder" ? missing_blobs(of, *db) : faults{};
  // An older schema may not have the columns yet; `ingot doctor` looks once it is migrated.
  const auto is_current = from.schema_version == static_cast<int>(storage::all_migrations().size());
  return report(from, missing, is_current ? closed_secrets(of, *db) : faults{}, of, to);
}

} // namespace ingot::commands
