#include "net/routes/turn.hpp"

#include "model/digest.hpp"
#include "model/ip_address.hpp"
#include "net/routes/credentials.hpp"

#include <string_view>

namespace ingot::routes {

namespace {

/// Never 0, which stands for nobody.
std::uint64_t number_of(const digest& x) {
  return x.value() | 1;
}

std::uint64_t address_of(const services& what, const http::request_head& head) {
  const auto address = client_of(what, head);
  // An IPv6 sender owns at least a /64, so one address is that.
  return number_of(digest{} << std::string_view{reinterpret_cast<const char*>(address.bytes.data()), 8});
}

} // namespace

http::sender sender_of(const services& what, const http::request_head& head, const route& to) {
  if (head.method == "GET")
    return {};
  auto tenant = digest{};
  tenant << to.path;
  switch (to.who) {
  case door::health:
  case door::cron:
    return {};
  case door::application:
    return {0, number_of(tenant)};
  case door::github:
    if (const auto id = head["x-github-hook-installation-target-id"]; !id.empty()) {
      const auto type = head["x-github-hook-installation-target-type"];
      // Whoever makes the target up takes no turn of GitHub's: it comes from another address. GitHub's own bring all its tenants.
      return type == "integration" ? http::sender{} : http::sender{0, number_of(tenant << type << id << address_of(what, head))};
    }
    break;
  default:
    tenant << presented_key(head) << head["cookie"];
    break;
  }
  return {address_of(what, head), number_of(tenant)};
}

} // namespace ingot::routes
