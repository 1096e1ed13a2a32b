#include "bench/faults/oracle.hpp"
#include "model/contents/object_id.hpp"
#include "storage/blob_files.hpp"

#include <cstdio>
#include <set>

namespace ingot::faults {

namespace {

/// What Git would call the bytes under a key; empty: there are none, or they cannot be read.
std::string id_of_bytes(contents::blob_store& store, const std::string& key) {
  try {
    auto bytes = std::string{};
    const auto reader = store.read(key);
    if (reader == nullptr)
      return {};
    for (auto part = reader->read(1 << 20); !part.empty(); part = reader->read(1 << 20))
      bytes += part;
    auto hash = contents::blob_hash{bytes.size()};
    hash.add(bytes);
    return hash.finish().hex();
  } catch (const contents::blob_store_error&) {
    return {};
  }
}

} // namespace

/// Contents of repositories, the jobs that brought them, and what GitHub counted.
void oracle::check_files(const followed_repositories& of, std::size_t i, const std::string& row_id) {
  auto stored = std::map<std::string, std::string>{}, wanted = std::map<std::string, std::string>{};
  for (const auto& row : db_.rows("SELECT path, sha FROM repository_files WHERE repository_id = " + row_id))
    stored[*row[0]] = *row[1];
  for (const auto& [path, file] : of.repository(i).files(of.head(i)))
    wanted[path] = file.id;
  if (stored != wanted)
    find(finding_kind::regressed, "the files of repository " + of.name(i) + " are not those of its branch: " +
                                      std::to_string(stored.size()) + " stored, " + std::to_string(wanted.size()) + " there");
}

void oracle::check_contents(const followed_repositories& of, const std::filesystem::path& blobs) {
  for (auto i = std::size_t{0}; i < of.size(); ++i) {
    const auto rows = db_.rows("SELECT id, coalesce(last_commit_sha, ''), complete FROM provider_repositories WHERE name = " +
                               testing::literal(of.name(i)));
    if (rows.size() != 1) {
      find(finding_kind::lost, "repository " + of.name(i) + " has " + std::to_string(rows.size()) + " rows");
      continue;
    }
    if (*rows[0][1] != of.head(i) || *rows[0][2] != "t")
      find(finding_kind::regressed, "repository " + of.name(i) + " is at " + *rows[0][1] + ", its branch at " + of.head(i));
    else
      check_files(of, i, *rows[0][0]);
  }
  for (const auto& row : db_.rows("SELECT b.sha, b.refs, count(f.sha) FROM content_blobs b LEFT JOIN repository_files f ON "
                                  "f.sha = b.sha GROUP BY b.sha, b.refs HAVING b.refs <> count(f.sha)"))
    find(finding_kind::disagrees, "content " + *row[0] + " counts " + *row[1] + " references, there are " + *row[2]);
  const auto store = storage::open_blob_files(blobs, 3);
  for (const auto& row :
       db_.rows("SELECT DISTINCT f.sha, coalesce(b.key, '') FROM repository_files f LEFT JOIN content_blobs b ON "
                "b.sha = f.sha")) {
    const auto found = row[1]->empty() ? std::string{} : id_of_bytes(*store, *row[1]);
    if (found != *row[0])
      find(finding_kind::lost, "content " + *row[0] + " of a file has " + (found.empty() ? "no bytes" : "the bytes of " + found) +
                                   ", under key " + *row[1]);
  }
}

void oracle::check_budgets(const testing::standin_counts& counts) {
  const auto check = [&](const char* what, std::uint64_t n) {
    if (n > 0)
      find(finding_kind::budget_exceeded, std::to_string(n) + " requests " + what);
  };
  check("beyond the limit of a window", counts.over_primary);
  check("beyond the limit of a minute, or too many at once", counts.over_secondary);
  check("without a credential that is known", counts.bad_credentials);
  check("that showed a token to somebody else", counts.tokens_leaked);
}

job_counts oracle::check_jobs() {
  auto out = job_counts{};
  for (const auto& row : db_.rows("SELECT id, kind, state, coalesce(last_error, ''), key FROM jobs")) {
    const auto& state = *row[2];
    const auto name = "job " + *row[0] + " (" + *row[1] + ", " + *row[4] + ") is " + state;
    if (state == "succeeded")
      ++out.succeeded;
    else if ((state == "dead" || state == "failed") && !row[3]->empty()) {
      ++out.ended_with_reason;
      ++out.reasons[*row[1] + ' ' + state + ": " + row[3]->substr(0, 120)];
    } else
      find(finding_kind::job_unfinished, name + (row[3]->empty() ? ", without a reason" : ": " + *row[3]));
  }
  for (const auto& row : db_.rows("SELECT key, kind, jobs, running FROM job_lanes"))
    find(finding_kind::job_unfinished, "lane " + *row[0] + " counts " + *row[2] + " jobs of kind " + *row[1]);
  return out;
}

} // namespace ingot::faults
