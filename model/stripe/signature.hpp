#pragma once

#include "model/fault.hpp"
#include "model/signature.hpp"
#include "model/time.hpp"

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace ingot::stripe {

/// What a signature came to.
struct signature_verdict {
  fault code = fault::none; ///< none, missing_signature or bad_signature
  std::string reason;       ///< a sentence for logs and answers, without anything secret
};

/// Does `header` (the value of Stripe-Signature: `t=<unix seconds>,v1=<hex>…`) sign `<t>.<body>` with one of `keys`? Every key is
/// tried with every `v1`, always, and compared in constant time; other schemes are passed over, and of several `t` the last one
/// counts, as in Stripe's own libraries (docs.stripe.com/webhooks/signature). Stricter than those: `t` is digits and nothing
/// else, and a time further ahead than `tolerance` is refused like one further back. A key made from an empty secret accepts
/// nothing.
/// @param received_at when the request came: never a later time (a queue does not make a signature old)
signature_verdict verify_signature(std::span<const hmac_sha256> keys, std::string_view header, std::string_view body,
                                   timestamp received_at, std::chrono::milliseconds tolerance);

/// `t=<unix seconds>,v1=<hex>` over `body`, as Stripe signs.
std::string signature_header(std::string_view secret, std::string_view body, timestamp at);

} // namespace ingot::stripe
