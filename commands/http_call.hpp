#pragma once

#include "config/settings.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace ingot::commands {

/// One HTTP request of a command. Redirects are not followed.
struct http_call {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds timeout{15'000};
  std::filesystem::path
      trusted_certificate; ///< for https: trust this certificate file and ask for no name (the own node); empty: the system's
};

struct http_answer {
  unsigned status = 0;
  std::string body; ///< at most 16 MiB
};

/// Throws std::runtime_error with a sentence when no answer came. The proxy variables of the environment do not count.
http_answer perform(const http_call& call);

/// `http://127.0.0.1:8787`: where a program on this machine reaches the node of these settings.
std::string node_url(const settings& of);

/// A call of the node of these settings: its address and, with TLS, its own certificate.
http_call call_of_node(const settings& of, std::string method, const std::string& path);

/// `text` as one segment of a URL's path (RFC 3986, section 2.3: what is not unreserved is escaped).
std::string path_segment(std::string_view text);

} // namespace ingot::commands
