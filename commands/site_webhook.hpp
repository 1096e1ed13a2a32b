#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <string>

namespace ingot::commands {

struct site_webhook_options {
  std::int64_t site = 0;
  std::string url;
  std::string secret; ///< `whsec_…`; empty: one is made
  bool off = false;   ///< take the webhook away
};

/// Sets the webhook that is told of a site's syncs and prints its secret, this once; or takes it away. Throws usage_error for an
/// URL or a secret that cannot be, std::runtime_error for a site that is not there.
int set_site_webhook(const settings& of, const site_webhook_options& options, timestamp now, const terminal& to);

} // namespace ingot::commands
