#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>

namespace ingot::commands {

struct site_webhook_options {
  std::int64_t site = 0;
  std::string url;
  std::string secret; ///< `whsec_…`; empty: one is made. Never from the command line: read_webhook_secret
  bool off = false;   ///< take the webhook away
};

/// The secret that an operator gives, or empty. A command line is seen by others (`ps`, the shell's history): the option is `-`,
/// for the first line of `input`, or absent, for INGOT_NOTIFY_SECRET of `environment`. Throws usage_error otherwise (law 9).
std::string read_webhook_secret(const std::string& option, const std::map<std::string, std::string>& environment,
                                std::istream& input);

/// Sets the webhook that is told of a site's syncs and prints its secret, this once; or takes it away. Throws usage_error for an
/// URL or a secret that cannot be, std::runtime_error for a site that is not there.
int set_site_webhook(const settings& of, const site_webhook_options& options, timestamp now, const terminal& to);

} // namespace ingot::commands
