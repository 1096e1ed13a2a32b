#include "commands/backup.hpp"

#include "commands/backup_manifest.hpp"
#include "commands/node_database.hpp"
#include "config/master_keys.hpp"
#include "config/secrets.hpp"
#include "model/json_object.hpp"
#include "storage/backup_snapshot.hpp"
#include "storage/database_dump.hpp"
#include "storage/spool_copy.hpp"

#include <sys/stat.h>

#include <array>
#include <chrono>
#include <fstream>
#include <iomanip>
#include <optional>
#include <ostream>
#include <stdexcept>

namespace ingot::commands {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t keys_at_once = 5'000;
constexpr std::size_t missing_told_max = 10;
constexpr auto tell_interval = std::chrono::seconds{2};

std::string in_mib(std::uint64_t bytes) {
  return std::to_string((bytes + 524'288) / 1'048'576) + " MiB";
}

/// What long work tells of itself, on standard error.
class progress {
public:
  explicit progress(const terminal& to) : to_{to} {}

  void say(const std::string& text) const {
    if (!to_.json)
      to_.err << text << std::endl;
  }

  /// Now and then.
  void tell(const std::string& text) {
    if (const auto now = std::chrono::steady_clock::now(); now - told_ >= tell_interval) {
      told_ = now;
      say(text);
    }
  }

private:
  const terminal& to_;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
};

/// The folder, empty and ours alone.
void make_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error) && (!fs::is_directory(folder, error) || !fs::is_empty(folder, error)))
    throw std::runtime_error{folder.string() + " is not an empty folder: each backup gets one of its own"};
  fs::create_directories(folder, error);
  if (error || ::chmod(folder.c_str(), 0700) != 0)
    throw std::runtime_error{"cannot make " + folder.string() + (error ? ": " + error.message() : "")};
}

void copy_blobs(const settings& of, storage::backup_snapshot& snapshot, const fs::path& folder, backup_manifest& into,
                std::vector<std::string>& missing, progress& tell) {
  const auto store = blob_files_of(of);
  std::ofstream list{folder / blob_list_file};
  fs::create_directory(folder / blob_folder_name);
  auto after = std::string{};
  for (auto keys = snapshot.blob_keys(after, keys_at_once); !keys.empty(); keys = snapshot.blob_keys(after, keys_at_once)) {
    after = keys.back();
    for (const auto& key : keys) {
      const auto place = key.substr(0, 2) + "/" + key;
      fs::create_directory(folder / blob_folder_name / key.substr(0, 2));
      auto copied = copy_measured(store / place, folder / blob_folder_name / place, false);
      if (copied.sha256.empty()) {
        ++into.blobs_missing;
        if (missing.size() < missing_told_max)
          missing.push_back(key);
        continue;
      }
      copied.path = std::string{blob_folder_name} + "/" + place;
      list << blob_line(copied);
      ++into.blob_count;
      into.blob_bytes += copied.bytes;
      tell.tell("contents: " + std::to_string(into.blob_count) + " files, " + in_mib(into.blob_bytes));
    }
  }
  list.close();
  if (!list)
    throw std::runtime_error{"cannot write " + (folder / blob_list_file).string()};
  into.files.push_back(measure(folder, std::string{blob_list_file}));
}

void copy_secrets(const settings& of, const fs::path& folder, backup_manifest& into) {
  into.secrets = true;
  for (const auto file : {webhook_secret_file, admin_token_file, master_key_file, previous_master_key_file})
    if (const auto copied = copy_measured(of.data_dir / file, folder / file, false); !copied.sha256.empty())
      into.files.push_back(copied);
}

void write_manifest(const backup_manifest& x, const fs::path& folder) {
  const auto draft = folder / (std::string{manifest_file} + ".new");
  std::ofstream out{draft};
  out << to_json(x) << '\n' << std::flush;
  if (!out)
    throw std::runtime_error{"cannot write " + draft.string()};
  out.close();
  sync_file_system_of(folder);
  fs::rename(draft, folder / manifest_file);
  sync_file_system_of(folder);
}

backup_manifest write_backup(const settings& of, const backup_options& what, timestamp now, std::vector<std::string>& missing,
                             const terminal& to) {
  auto tell = progress{to};
  auto out = backup_manifest{};
  out.ingot_version = INGOT_VERSION;
  out.begun_at = to_rfc3339(now);
  // The way to the database first: without one there is no use in beginning. Where no node runs it locks the data folder, so that
  // none begins meanwhile.
  auto database = std::optional<node_database>{};
  if (!what.without_database)
    database.emplace(of);
  auto db = database ? database->connect() : nullptr;

  // Before the database: what is drained in between is then in both, and its id makes it one. The other way round it could be in
  // neither.
  const auto spool = storage::copy_spool(of.data_dir, what.folder);
  if (spool.present)
    out.files.push_back(measure(what.folder, std::string{spool_file}));
  out.spooled = spool.deliveries;
  tell.say("spool: " + std::to_string(spool.deliveries) + " deliveries wait, " + in_mib(spool.bytes));
  if (!spool.damage.empty())
    tell.say("spool: " + spool.damage);

  out.blobs = "none";
  if (db) {
    auto snapshot = storage::backup_snapshot{*db};
    out.schema_version = snapshot.schema_version();
    out.server_version = snapshot.server_version();
    tell.say("database: schema " + std::to_string(out.schema_version) + ", " +
             in_mib(static_cast<std::uint64_t>(snapshot.database_bytes())) + " on its disk");
    storage::dump_database(database->url(), snapshot.id(), snapshot.server_version_number() / 10'000, what.folder / dump_file,
                           [&](std::uint64_t bytes) { tell.tell("database: " + in_mib(bytes) + " written"); });
    out.files.push_back(measure(what.folder, std::string{dump_file}));
    tell.say("database: " + in_mib(out.files.back().bytes) + " written");
    // After it: a content is in the store before a row names it, and its key is never used for another.
    out.blobs = of.blobs.s3_url.empty() ? "folder" : "s3";
    if (of.blobs.s3_url.empty())
      copy_blobs(of, snapshot, what.folder, out, missing, tell);
    tell.say(of.blobs.s3_url.empty() ? "contents: " + std::to_string(out.blob_count) + " files, " + in_mib(out.blob_bytes)
                                     : "contents: in the bucket " + of.blobs.s3_bucket + ", and not in the backup");
  }
  if (!what.without_secrets)
    copy_secrets(of, what.folder, out);
  write_manifest(out, what.folder);
  return out;
}

} // namespace

fs::path blob_files_of(const settings& of) {
  return of.blobs.folder.empty() ? of.data_dir / "blobs" : of.blobs.folder;
}

int backup(const settings& of, const backup_options& what, timestamp now, const terminal& to) {
  make_folder(what.folder);
  auto missing = std::vector<std::string>{};
  auto made = backup_manifest{};
  try {
    made = write_backup(of, what, now, missing, to);
  } catch (...) {
    // It was empty: what is in it is a part of something that is of no use.
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(what.folder, ignored))
      fs::remove_all(entry.path(), ignored);
    throw;
  }
  if (to.json)
    to.out << to_json(made) << '\n';
  else
    to.out << "Backup of " << made.begun_at << " in " << what.folder.string()
           << (made.secrets ? ", with the secrets: keep it as you keep those" : ", without secrets") << ".\n";
  if (made.blobs_missing == 0)
    return done;
  if (!to.json) {
    to.err << made.blobs_missing << " contents that the rows name are missing in " << blob_files_of(of).string() << ":";
    for (const auto& key : missing)
      to.err << ' ' << key;
    to.err << (made.blobs_missing > missing.size() ? " …" : "") << "\nAll else is in the backup.\n";
  }
  return failed;
}

} // namespace ingot::commands
