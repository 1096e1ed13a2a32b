#include "commands/drupal_releases.hpp"

#include "commands/node_database.hpp"
#include "commands/table.hpp"
#include "model/json_object.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <istream>
#include <ostream>
#include <stdexcept>

namespace ingot::commands {

namespace {

namespace fs = std::filesystem;

/// Files between two lines of progress.
constexpr std::size_t progress_step = 50;

struct imported {
  std::string file, project;
  std::size_t releases = 0, security_releases = 0;
  std::vector<std::string> warnings;
  storage::releases_import changes;
};

struct refused {
  std::string file;
  std::string reason;
};

std::vector<std::string> files_below(const std::string& folder) {
  auto out = std::vector<std::string>{};
  for (const auto& x : fs::recursive_directory_iterator{folder})
    if (x.is_regular_file() && x.path().extension() == ".xml")
      out.push_back(x.path().string());
  std::sort(out.begin(), out.end());
  if (out.empty())
    throw std::runtime_error{"there is no .xml file in " + folder};
  return out;
}

std::vector<std::string> all_files(const std::vector<std::string>& names) {
  auto out = std::vector<std::string>{};
  for (const auto& x : names) {
    if (x != "-" && fs::is_directory(x)) {
      auto found = files_below(x);
      out.insert(out.end(), found.begin(), found.end());
    } else {
      out.push_back(x);
    }
  }
  return out;
}

/// At most one byte more than is allowed, so that the parser refuses what is too long.
std::string read_bounded(std::istream& in) {
  auto out = std::string(drupal::release_history_bytes_max + 1, '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(in.gcount()));
  return out;
}

std::string read_file(const std::string& file, std::istream& input) {
  if (file == "-")
    return read_bounded(input);
  auto in = std::ifstream{file, std::ios::binary};
  if (!in)
    throw std::runtime_error{"it is no file, or not readable"};
  return read_bounded(in);
}

std::string sentence(const failure& x) {
  auto out = x.message;
  for (const auto& detail : x.details)
    out += "; " + detail.pointer + ": " + detail.message;
  return out;
}

drupal::release_history parse(const std::string& xml) {
  auto found = drupal::parse_release_history(xml);
  if (const auto* wrong = std::get_if<failure>(&found))
    throw std::runtime_error{sentence(*wrong)};
  return std::get<drupal::release_history>(std::move(found));
}

/// What all files gave.
struct results {
  std::vector<imported> done;
  std::vector<refused> failed;
};

struct database_away : std::runtime_error {
  using std::runtime_error::runtime_error;
};

storage::releases_import import_into(storage::connection& db, const drupal::release_history& x, storage::older_histories older,
                                     timestamp now) {
  try {
    return storage::import_releases(db, x, now, std::nullopt, older);
  } catch (const storage::older_history& e) {
    throw std::runtime_error{std::string{e.what()} + " (--force imports it all the same)"};
  } catch (const std::exception& e) {
    if (storage::classify(e) == storage::sql_remedy::reconnect)
      throw database_away{"the database went away: " + storage::describe(e)};
    throw std::runtime_error{storage::describe(e)};
  }
}

std::size_t security_releases(const drupal::release_history& x) {
  return static_cast<std::size_t>(std::count_if(x.releases.begin(), x.releases.end(), [](const auto& r) { return r.security; }));
}

void import_file(storage::connection& db, const std::string& file, std::istream& input, storage::older_histories older,
                 timestamp now, results& out) {
  try {
    auto history = parse(read_file(file, input));
    const auto changes = import_into(db, history, older, now);
    out.done.push_back({file, history.project, history.releases.size(), security_releases(history), history.warnings, changes});
  } catch (const database_away&) {
    throw; // it will not take the next file either
  } catch (const std::exception& e) {
    out.failed.push_back({file, e.what()});
  }
}

std::string json_of(const imported& x) {
  auto warnings = std::vector<std::string>{};
  for (const auto& w : x.warnings)
    warnings.push_back(json_object{}.add("message", w).text());
  return json_object{}
      .add("file", x.file)
      .add("project", x.project)
      .add("releases", x.releases)
      .add("security_releases", x.security_releases)
      .add("releases_written", x.changes.releases_written)
      .add("releases_removed", x.changes.releases_removed)
      .add("versions_flagged", x.changes.versions_flagged)
      .add("versions_cleared", x.changes.versions_cleared)
      .add_raw("warnings", json_array(warnings))
      .text();
}

void print_json(const results& x, const terminal& to) {
  auto done = std::vector<std::string>{}, failed = std::vector<std::string>{};
  for (const auto& item : x.done)
    done.push_back(json_of(item));
  for (const auto& item : x.failed)
    failed.push_back(json_object{}.add("file", item.file).add("error", item.reason).text());
  to.out << json_object{}.add_raw("imported", json_array(done)).add_raw("failed", json_array(failed)).text() << '\n';
}

void print_table(const results& x, const terminal& to) {
  auto listing = table{{"PROJECT", "RELEASES", "SECURITY", "WRITTEN", "REMOVED", "NEED AN UPDATE", "NEED NONE ANY MORE"}, {}};
  auto sum = storage::releases_import{};
  for (const auto& item : x.done) {
    const auto& changes = item.changes;
    const auto number = [](std::size_t n) { return cell{std::to_string(n), n == 0 ? colour::faint : colour::none}; };
    const auto flagged =
        cell{std::to_string(changes.versions_flagged), changes.versions_flagged > 0 ? colour::bad : colour::faint};
    listing.rows.push_back({item.project, number(item.releases), number(item.security_releases), number(changes.releases_written),
                            number(changes.releases_removed), flagged, number(changes.versions_cleared)});
    sum.releases_written += changes.releases_written;
    sum.versions_flagged += changes.versions_flagged;
    sum.versions_cleared += changes.versions_cleared;
  }
  if (!x.done.empty())
    print(to.out, listing, to.coloured);
  to.out << "\n"
         << x.done.size() << " imported, " << x.failed.size() << " failed; " << sum.releases_written << " releases written; "
         << sum.versions_flagged << " versions need a security update since now, " << sum.versions_cleared << " no longer\n";
}

} // namespace

int import_drupal_releases(const settings& of, const std::vector<std::string>& names, std::istream& input,
                           storage::older_histories older, timestamp now, const terminal& to) {
  const auto files = all_files(names);
  const auto database = node_database{of};
  const auto db = database.connect();
  auto out = results{};
  auto at = std::size_t{0};
  for (const auto& file : files) {
    import_file(*db, file, input, older, now, out);
    if (++at % progress_step == 0)
      to.err << at << " of " << files.size() << " files\n";
  }
  for (const auto& x : out.done)
    for (const auto& warning : x.warnings)
      to.err << presentable(x.file) << ": " << presentable(warning) << '\n';
  for (const auto& x : out.failed)
    to.err << presentable(x.file) << ": " << paint("not imported", colour::bad, to.coloured) << ": " << presentable(x.reason)
           << '\n';
  to.json ? print_json(out, to) : print_table(out, to);
  return out.failed.empty() ? done : failed;
}

} // namespace ingot::commands
