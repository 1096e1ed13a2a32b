#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ingot::bench {

/// One example body of GitHub's, as delivered (compact JSON).
struct example {
  std::string event;  ///< X-GitHub-Event
  std::string action; ///< empty when the event has none
  std::string body;
};

/// Reads the examples of `events` from `source`: a folder of `<event>/<action>-<n>.payload.json`, or the file index.json of the
/// npm package @octokit/webhooks-examples. In a stable order. Throws std::runtime_error when an event has no example.
std::vector<example> read_examples(const std::filesystem::path& source, const std::vector<std::string>& events);

/// Where examples are found, first that exists: `explicit_source`, $INGOT_SHARED, ../shared beside the sources, the npm package
/// installed in bench/payloads. Throws std::runtime_error naming all of them when none exists.
std::filesystem::path find_examples(const std::filesystem::path& explicit_source);

} // namespace ingot::bench
