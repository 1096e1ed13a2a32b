#pragma once

#include "model/api_key.hpp"
#include "net/routes/key_cache.hpp"

namespace ingot::routes {

/// Keys of sites.
class site_keys : public key_cache<api_key_holder> {
public:
  void forget_site(std::int64_t site_id) {
    forget_if([site_id](const api_key_holder& x) { return x.site_id == site_id; });
  }
};

} // namespace ingot::routes
