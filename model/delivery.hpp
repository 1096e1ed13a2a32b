#pragma once

#include "model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ingot {

/// How `delivery::body` is encoded.
enum class body_encoding : std::uint8_t { identity = 0, zstd = 1 };

/// What became of a verified delivery; the column `deliveries.outcome`.
enum class delivery_outcome : std::uint8_t {
  stored,    ///< kept, and its facts applied
  ignored,   ///< kept; its event is none that writes rows
  duplicate, ///< this id was taken before: nothing is written
  failed,    ///< kept with `error`; its facts could not be applied. A redelivery or replay tries again
};

std::string_view to_string(delivery_outcome x) noexcept;

/// One verified delivery as it is kept: the envelope and the raw body. Self-contained, so that the spool can hold it
/// and it can be parsed again (replay, drain).
struct delivery {
  std::string source = "github";    ///< kind of sender
  std::string endpoint;             ///< name of the configured endpoint whose secret matched
  std::string id;                   ///< the sender's delivery id (GitHub's guid), unique per source
  std::string event;                ///< X-GitHub-Event
  std::string action;               ///< payload's `action`, or empty
  std::string content_type;         ///< as sent, without parameters
  std::int64_t hook_id = 0;         ///< X-GitHub-Hook-ID, 0 when absent
  std::int64_t repository_id = 0;   ///< the repository's numeric id, 0 when the event has none
  std::string repository;           ///< its full name at that time, or empty
  std::int64_t installation_id = 0; ///< 0 when absent
  timestamp received_at{};
  std::uint32_t body_bytes = 0; ///< size of the raw body
  body_encoding encoding = body_encoding::zstd;
  std::string body; ///< the raw body in `encoding`
};

} // namespace ingot
