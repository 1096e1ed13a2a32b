#pragma once

#include "net/routes/table.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace ingot::routes {

/// Who asks, as their key proves.
struct site_caller {
  std::int64_t key_id = 0;  ///< 0: the admin token, which may ask for any site
  std::int64_t site_id = 0; ///< 0: the admin's

  bool is_admin() const noexcept { return key_id == 0; }
};

/// A request whose caller is known, and its answer.
struct site_request {
  http::request request;
  path_parameters parameters;
  site_caller caller;
  http::responder done;

  /// Refuses it, with an audit line.
  void refuse(const services& what, const failure& why);
};
using site_request_ptr = std::shared_ptr<site_request>;

/// Why a request is refused whose key is none, unknown or revoked: they all look the same.
failure no_known_key();

/// Finds out whose key (X-API-Key, or Authorization: Bearer) a request carries, and goes on with `then`, on this thread or on a
/// READER's. Answers by itself: 401 without a known key, 403 when the site is disabled, 503 when nobody can be asked.
/// `what` outlives the server.
void with_caller(const services& what, http::request req, path_parameters parameters, http::responder done,
                 std::function<void(const site_request_ptr&)> then);

/// The same for a path of one site, which is the first parameter: 403 as well when the key is another site's. `then` gets the id.
void with_caller_of_site(const services& what, http::request req, path_parameters parameters, http::responder done,
                         std::function<void(const site_request_ptr&, std::int64_t site_id)> then);

/// A site's id as a path says it: digits, 1 to 2^53.
std::optional<std::int64_t> parse_site_id(std::string_view text);

} // namespace ingot::routes
