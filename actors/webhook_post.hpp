#pragma once

#include "actors/context.hpp"

#include <string>
#include <string_view>

namespace ingot {

/// Whom an outbound webhook goes to.
struct webhook_receiver {
  std::string url;
  std::string key; ///< that signs: the bytes of a Standard Webhooks secret
};

/// Posts the payload of `job`, signed by Standard Webhooks: 2xx is done, 410 and an address that may not be called are for good,
/// all else is worth another attempt. The id of the message is the job's, so that a receiver can tell that it has had it. Blocks.
job_outcome post_webhook(const claimed_job& job, const webhook_receiver& to, const node_context& context);

/// A webhook that the settings name.
struct configured_webhook {
  std::string_view name; ///< `nightly.alert`: its settings are `nightly.alert_url` and `nightly.alert_secret`
  const std::string& url;
  const std::string& secret; ///< `whsec_…`
};

/// The same for one of the settings; without an address there is nothing to do.
job_outcome post_webhook(const claimed_job& job, const configured_webhook& to, const node_context& context);

} // namespace ingot
