#include "commands/doctor.hpp"

#include <sstream>

namespace ingot::commands {

namespace {

bool is_loopback(const std::string& address) {
  return address == "::1" || address.starts_with("127.");
}

} // namespace

findings examine_exposure(const settings& of) {
  findings out;
  const auto encrypted = !of.server.tls_certificate.empty();
  if (!is_loopback(of.server.listen) && !encrypted)
    out.push_back({"exposure", verdict::warn, "the node listens on " + of.server.listen + " without TLS",
                   "whoever is on the way reads tokens and bodies: set server.tls_certificate, or listen on 127.0.0.1 behind a "
                   "proxy with TLS"});
  // An address for people that is not the node's own door: somebody stands before it.
  const auto proxied = is_loopback(of.server.listen) && !of.submissions.public_url.empty() &&
                       of.submissions.public_url.find("//localhost") == std::string::npos &&
                       of.submissions.public_url.find("//127.") == std::string::npos;
  if (proxied && of.server.trusted_proxies.empty())
    out.push_back({"trusted proxies", verdict::warn, "people come by " + of.submissions.public_url + ", and no proxy is trusted",
                   "set server.trusted_proxies to the proxy's network (127.0.0.1 on this machine): else all clients share one "
                   "address and its limits"});
  auto words = std::istringstream{of.server.trusted_proxies};
  for (std::string network; words >> network;)
    if (network.ends_with("/0"))
      out.push_back({"trusted proxies", verdict::fail, "server.trusted_proxies names everybody (" + network + ")",
                     "name the proxies' own networks: now any client may claim any address"});
  if (out.empty())
    out.push_back(
        {"exposure", verdict::ok,
         is_loopback(of.server.listen) ? "listens on this machine only" : "listens on " + of.server.listen + " with TLS", ""});
  return out;
}

} // namespace ingot::commands
