#pragma once

#include "model/time.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The search, and what is known of its rebuilds. All of these block, and throw refused_change when it cannot be done, else what
/// libpqxx throws.
namespace ingot::storage {

/// What stands around found words in a snippet: characters for private use, which are taken out of documents before, so that
/// no document can forge them.
inline constexpr const char* snippet_word_begin = "\xEE\x80\x80"; // U+E000
inline constexpr const char* snippet_word_end = "\xEE\x80\x81";   // U+E001

/// Of more documents than that one query ranks so many, chosen by no rule: what it costs does not grow with the table.
inline constexpr int search_ranked_max = 10'000;

/// A place in the order of what is found: the best rank first.
struct search_place {
  std::string rank; ///< a number as PostgreSQL prints it
  std::string kind, ref;
};

struct search_hit {
  search_place place;
  std::string url, title;
  std::string snippet; ///< plain text, with snippet_word_begin and snippet_word_end
};

struct search_answer {
  std::vector<search_hit> hits;
  bool ranked_all = true; ///< false: there were more than search_ranked_max
};

/// Up to `limit` documents that `words` (as websearch_to_tsquery reads them; never an error) find, behind `after` when given.
search_answer find_documents(connection& db, const std::string& words, const std::optional<search_place>& after, unsigned limit);

/// One rebuild, and its job.
struct search_rebuild_record {
  std::int64_t job_id = 0;
  std::string status;         ///< see job_state
  std::string phase;          ///< `copying`, `swapping`, `removing`, `done`; empty: not begun
  std::int64_t documents = 0; ///< that were copied
  std::optional<std::int64_t> generation;
  std::optional<timestamp> started_at, finished_at;
  std::string error; ///< why the last attempt failed; empty: none did
};

/// Enqueues a rebuild with that text search configuration. Refuses one that PostgreSQL does not have (not_configured).
/// @returns its job; or the job of the rebuild that is not over yet, with `begun` false
struct search_rebuild_start {
  std::int64_t job_id = 0;
  bool begun = false;
};
search_rebuild_start start_search_rebuild(connection& db, const std::string& language);

/// The rebuild that is this job.
std::optional<search_rebuild_record> find_search_rebuild(connection& db, std::int64_t job_id);

} // namespace ingot::storage
