#include "net/routes/services.hpp"

#include "config/secrets.hpp"
#include "model/base64.hpp"
#include "model/client_address.hpp"
#include "net/routes/console_files.hpp"
#include "net/routes/overview.hpp"

#include <random>
#include <utility>

namespace ingot::routes {

namespace {

/// Each address has its own share of attempts to sign in; for one name there are so many shares, so that no single address locks
/// somebody out, and many together cannot guess without end.
constexpr auto addresses_per_name = 20u;

std::shared_ptr<request_limiter> limiter(unsigned per_minute) {
  auto chance = std::random_device{};
  const auto seed = static_cast<std::uint64_t>(chance()) << 32 | chance();
  return std::make_shared<request_limiter>(per_minute, seed);
}

} // namespace

services make_services(caf::actor_system& system, context_ptr context, std::string version, int schema_version) {
  auto out =
      services{.system = system, .context = std::move(context), .version = std::move(version), .schema_version = schema_version};
  const auto& config = out.context->config;
  out.events_limit = limiter(config.events.requests_per_minute);
  out.crawl_limit = limiter(config.crawl.requests_per_minute);
  out.sign_ins_limit = limiter(config.console.sign_ins_per_minute);
  out.names_limit = limiter(config.console.sign_ins_per_minute * addresses_per_name);
  out.nobodys_password = std::make_shared<const std::string>(hash_password("", random_bytes(), cost_of(config.console)));
  out.console = load_console_files(config.console);
  out.overview = std::make_shared<overview_snapshots>();
  out.validations_limit = limiter(config.mcp.validations_per_minute);
  out.registry_limit = limiter(config.mcp.reads_per_minute);
  out.submissions_limit = limiter(config.submissions.requests_per_minute);
  out.trusted_proxies = parse_networks(config.server.trusted_proxies).value_or(std::vector<ip_network>{});
  out.viewers =
      std::make_shared<const events::viewer_hasher>(from_base64(config.master_key).value_or(""), config.events.address_key_days);
  return out;
}

ip_address client_of(const services& what, const http::request_head& head) {
  // A link-local peer has its interface behind a `%`.
  const auto peer = parse_ip(head.remote_address.substr(0, head.remote_address.find('%'))).value_or(ip_address{});
  return client_address(peer, head["forwarded"], head["x-forwarded-for"], what.trusted_proxies);
}

} // namespace ingot::routes
