#pragma once

#include "model/time.hpp"
#include "net/routes/table.hpp"

#include <memory>
#include <mutex>
#include <string>

/// What the node does just now, for the console.
namespace ingot::routes {

/// One snapshot a second, however many pages look at it. Thread-safe.
class overview_snapshots {
public:
  static constexpr std::chrono::seconds interval{1};

  /// A JSON object, at most `interval` old.
  std::shared_ptr<const std::string> at(const services& what, timestamp now);

private:
  std::mutex mutex_;
  std::shared_ptr<const std::string> latest_;
  timestamp made_at_{};
};

void show_overview(const services& what, http::request req, path_parameters, http::responder done);

/// The same once a second, as server-sent events `overview`. A stream ends after a minute, so that whoever may see it no more is
/// soon without it; browsers come again by themselves.
void stream_overview(const services& what, http::request req, path_parameters, http::responder done);

} // namespace ingot::routes
