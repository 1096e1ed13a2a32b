#pragma once

#include "model/github/group.hpp"
#include "storage/connection.hpp"

#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

namespace ingot::storage {

/// A commit that did not happen, or whose outcome is unknown (then `remedy` is reconnect).
class store_error : public std::runtime_error {
public:
  store_error(sql_remedy remedy, const std::string& why) : std::runtime_error{why}, remedy_{remedy} {}
  sql_remedy remedy() const noexcept { return remedy_; }

private:
  sql_remedy remedy_;
};

/// Where the WRITER puts its batches. One thread at a time.
class batch_store {
public:
  virtual ~batch_store() = default;

  /// Keeps and applies all groups in one transaction. On return it is COMMITted: every item has its outcome and every keyed
  /// group's `known` is what its rows hold. Throws store_error: nothing of it is applied (or nobody knows, with
  /// sql_remedy::reconnect; applying it again is safe), and undecided groups are undecided without knowledge.
  /// @returns whether syncs of repositories were ordered, which JOBS may begin at once
  virtual bool commit(std::span<github::group* const> groups) = 0;

  /// Keeps a delivery that cannot be applied, with its reason, so that it can be seen and replayed. Its id stays free: a
  /// redelivery tries again.
  virtual void keep_failed(const delivery& x, std::string_view reason) = 0;
};

/// Connects, or throws store_error(reconnect).
using batch_store_factory = std::function<std::unique_ptr<batch_store>()>;

/// The store on PostgreSQL.
std::unique_ptr<batch_store> open_batch_store(const std::string& url, const database_settings& settings);

} // namespace ingot::storage
