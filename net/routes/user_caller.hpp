#pragma once

#include "net/routes/table.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace ingot::routes {

/// On whose behalf something is asked, as the key proves.
struct user_caller {
  std::int64_t key_id = 0; ///< 0: the admin token
  std::string user_id;     ///< whose repositories it is about; of an admin: whom ?userId= names, else the node's own (empty)

  bool is_admin() const noexcept { return key_id == 0; }
};

/// A request whose caller is known, and its answer. The parameter userId is out of its query already.
struct user_request {
  http::request request;
  path_parameters parameters;
  user_caller caller;
  http::responder done;

  /// Refuses it, with an audit line.
  void refuse(const services& what, const failure& why);
};
using user_request_ptr = std::shared_ptr<user_request>;

/// Finds out whose key (Authorization: Bearer, or X-API-Key) a request carries, and goes on with `then`, on this thread or on a
/// READER's; what `then` throws as storage::refused_change is answered. Answers by itself: 401 without a known key, 403 when
/// ?userId= names somebody else, 503 when nobody can be asked. `what` outlives the server.
void with_user(const services& what, http::request req, path_parameters parameters, http::responder done,
               std::function<void(const user_request_ptr&)> then);

/// What a request comes to, on a READER's connection. May throw what libpqxx throws, or storage::refused_change.
using user_work = std::function<http::response(storage::connection&, const user_request&)>;

/// Answers a user with what `work` reads, or changes (then it is run once at most); the database being away is a 503.
void answer_user_by_reading(const services& what, http::request req, path_parameters parameters, http::responder done,
                            user_work work);
void answer_user_by_changing(const services& what, http::request req, path_parameters parameters, http::responder done,
                             user_work work);

} // namespace ingot::routes
