#pragma once

#include "config/settings.hpp"
#include "model/github/delivery_log.hpp"
#include "model/job.hpp"
#include "model/time.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Tables `delivery_receipts` and `missed_deliveries`: up to when every delivery of a hook is known to be here. A hook is `` (the
/// App's) or `owner/repo/7`. All of these block, and throw what libpqxx throws. What writes stands behind the fence of `job`
/// when one is given: a look that waited past its lease changes nothing (law 2).
namespace ingot::storage {

struct delivery_receipt {
  std::string hook;
  timestamp complete_through{}; ///< what GitHub delivered before it is here, or is named as lost; 1970: no look has succeeded
  timestamp listed_through{};   ///< the log was looked through to here
  timestamp checked_at{};
  std::string error; ///< why the last look failed; empty: it did not
  std::int64_t missing = 0;
  std::int64_t unrecoverable = 0;

  bool has_succeeded() const { return complete_through > timestamp{}; }
};

/// Nothing when the hook was never looked through.
std::optional<delivery_receipt> load_receipt(connection& db, std::string_view hook);
std::vector<delivery_receipt> list_receipts(connection& db);

/// Which of these guids no delivery has that is here, in their order.
std::vector<std::string> unknown_guids(connection& db, std::span<const std::string> guids);

/// Remembers that they have not arrived; of those that are known already, the newest attempt.
void note_missed(connection& db, std::string_view hook, std::span<const github::logged_delivery> missed,
                 const job_lease* job = nullptr);

/// Forgets those that are here by now, which is true whoever says so; of the others, up to `limit`, the longest missing first.
std::vector<github::missed_delivery> missed_deliveries(connection& db, std::string_view hook, unsigned limit);

/// It is asked for again.
void note_asked(connection& db, std::string_view hook, const std::string& guid, timestamp at, const job_lease* job = nullptr);

/// It is not asked for any more.
void give_up(connection& db, std::string_view hook, const std::string& guid, const std::string& reason,
             const job_lease* job = nullptr);

/// What GitHub made since `listed_through`, where the last look ended, and before `until` is in its log no more: it is named as
/// lost, as one. @returns false when that was known already
bool note_unlisted(connection& db, std::string_view hook, timestamp listed_through, timestamp until, const std::string& reason,
                   const job_lease* job = nullptr);

/// The log was looked through up to `listed_through`: complete is what lies before the first that may still come. Never goes
/// back.
void conclude_look(connection& db, std::string_view hook, timestamp listed_through, timestamp now,
                   const job_lease* job = nullptr);

/// A look failed. The first one makes a receipt by which the log is looked through to `begin`, and nothing is complete.
void note_failed_look(connection& db, std::string_view hook, const std::string& error, timestamp begin, timestamp now,
                      const job_lease* job = nullptr);

/// The kind of the job that looks; its key is the hook's.
inline constexpr const char* delivery_check_kind = "delivery_check";

/// Enqueues one. @param period the same for all nodes that mean the same look. @returns 1. Throws statement_error.
std::size_t enqueue_delivery_check(const std::string& url, const database_settings& settings, std::string_view period);

} // namespace ingot::storage
