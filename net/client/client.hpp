#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ingot::client {

/// One outbound HTTP request. Redirects are not followed; the proxy variables of the environment do not count.
struct request {
  std::string method = "GET";
  std::string url; ///< http or https
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;                           ///< of a POST
  std::chrono::milliseconds timeout{15'000};  ///< for all of it, from the look-up of the name to the answer's end
  std::size_t answer_bytes_max = 1024 * 1024; ///< of the answer's body, decompressed
  bool private_addresses = false;             ///< may it go to what is no address of the open internet?
  bool compressed = false;                    ///< ask for gzip, and undo it
  std::filesystem::path trusted_certificate;  ///< for https: trust this certificate file and ask for no name; empty: the system's
};

struct response {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case
  std::string body;
  bool cut = false; ///< the body was longer than answer_bytes_max: the rest was not read

  /// Value of the first header of that (lower-case) name, or empty.
  std::string_view operator[](std::string_view name) const;
};

enum class trouble : std::uint8_t {
  bad_url,         ///< no http or https URL
  address_refused, ///< every address of the name is one that may not be gone to
  no_answer,       ///< no such name, nobody listens, too slow, TLS, not HTTP: another time it may work
};

/// No answer came. The text names the host at most, never the whole URL (law 9: it may hold secrets).
class no_response : public std::runtime_error {
public:
  no_response(trouble what, const std::string& why) : std::runtime_error{why}, what_{what} {}
  trouble kind() const noexcept { return what_; }

private:
  trouble what_;
};

/// Blocks: for detached actors and commands. Addresses are checked when they are dialled, so that no name can be resolved to one
/// address for a check and to another for the connection. Throws no_response.
response perform(const request& x);

/// What keeps `url` from being called: no http or https URL, no host, or a user name or password in it. Empty: nothing.
std::string judge_url(const std::string& url);

} // namespace ingot::client
