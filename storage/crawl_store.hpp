#pragma once

#include "model/crawl/changes.hpp"
#include "storage/batch_store.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace ingot::storage {

enum class crawl_verdict : std::uint8_t {
  taken,
  no_source,
  disabled,
  busy, ///< another transaction holds the source: nothing of it was done
};

/// The items of one request on their way through one commit.
struct crawl_request : crawl::submission {
  timestamp received_at{};

  // What the commit found.
  crawl_verdict verdict = crawl_verdict::taken;
  crawl::item_counts counts;
};

/// Where crawl items are committed. One thread at a time.
class crawl_store {
public:
  virtual ~crawl_store() = default;

  /// Applies all requests in one transaction, those of one source in their order, and writes the documents of what changed into
  /// every live generation of the search. On return it is COMMITted: every request has its verdict and its counts. Throws
  /// store_error: nothing is applied (or nobody knows, when commit_was_sent()).
  virtual void commit(std::span<crawl_request* const> requests) = 0;

  /// Would the database take these items of the request? Does all that commit() does, and rolls it back. @returns why not, or
  /// empty. Throws store_error when nobody can be asked.
  virtual std::string refusal_of(const crawl_request& x, std::span<const crawl::item> items) = 0;

  /// Had the last commit() that failed asked for COMMIT already?
  virtual bool commit_was_sent() const noexcept = 0;
};

/// Connects, or throws store_error(reconnect).
using crawl_store_factory = std::function<std::unique_ptr<crawl_store>()>;

/// The store on PostgreSQL.
std::unique_ptr<crawl_store> open_crawl_store(const std::string& url, const database_settings& settings);

} // namespace ingot::storage
