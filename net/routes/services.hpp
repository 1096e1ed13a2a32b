#pragma once

#include "actors/context.hpp"
#include "model/events/viewer.hpp"
#include "model/ip_address.hpp"
#include "model/request_limiter.hpp"
#include "net/http/server.hpp"
#include "net/routes/content_streams.hpp"
#include "net/routes/key_cache.hpp"
#include "net/routes/site_keys.hpp"
#include "storage/console_sessions.hpp"
#include "storage/user_keys.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ingot::routes {

class overview_snapshots;
struct console_file;

/// What the routes need of the node. Outlives the server.
struct services {
  caf::actor_system& system;
  context_ptr context;
  std::string version;
  int schema_version = 0; ///< that this program brings along; what /ready compares with
  std::shared_ptr<site_keys> keys = std::make_shared<site_keys>();
  std::shared_ptr<key_cache<storage::user_key_holder>> user_keys = std::make_shared<key_cache<storage::user_key_holder>>();
  std::shared_ptr<content_streams> streams = std::make_shared<content_streams>(); ///< sends contents of files
  std::shared_ptr<request_limiter> events_limit = {};
  std::shared_ptr<request_limiter> crawl_limit = {};
  std::shared_ptr<request_limiter> sign_ins_limit = {};     ///< of an address
  std::shared_ptr<request_limiter> names_limit = {};        ///< attempts to sign in by one name, from all addresses
  std::shared_ptr<const std::string> nobodys_password = {}; ///< what a password is compared with when nobody has its name
  std::shared_ptr<request_limiter> validations_limit = {};
  std::shared_ptr<request_limiter> registry_limit = {};
  std::shared_ptr<request_limiter> submissions_limit = {};
  std::shared_ptr<std::atomic<unsigned>> feed_readers = std::make_shared<std::atomic<unsigned>>(0);  ///< that wait for changes
  std::shared_ptr<std::atomic<unsigned>> event_streams = std::make_shared<std::atomic<unsigned>>(0); ///< net/routes/event_stream
  std::vector<ip_network> trusted_proxies = {};
  std::shared_ptr<const events::viewer_hasher> viewers = {};                                    ///< hashes client addresses
  std::shared_ptr<std::atomic<unsigned>> previews = std::make_shared<std::atomic<unsigned>>(0); ///< rollups played through
  std::shared_ptr<std::atomic<unsigned>> lookups = std::make_shared<std::atomic<unsigned>>(0);  ///< repositories asked for
  std::shared_ptr<const std::map<std::string, console_file, std::less<>>> console = {};         ///< its files
  std::shared_ptr<overview_snapshots> overview = {};
  std::shared_ptr<key_cache<storage::session_holder, 60>> sessions =
      std::make_shared<key_cache<storage::session_holder, 60>>();                               ///< that were used of late
  std::shared_ptr<std::atomic<unsigned>> hashings = std::make_shared<std::atomic<unsigned>>(0); ///< of passwords
};

/// What the routes need, with the limits and proxies of the context's settings.
services make_services(caf::actor_system& system, context_ptr context, std::string version, int schema_version);

/// Whose request it is: the peer, or whom a trusted proxy names.
ip_address client_of(const services& what, const http::request_head& head);

/// A refusal becomes an audit line and a line of the log.
void audit_refusal(const services& what, const http::request_head& head, const failure& why);

} // namespace ingot::routes
