#pragma once

#include "config/settings.hpp"
#include "model/contents/provider.hpp"
#include "model/github/api/permits.hpp"
#include "net/github/client.hpp"
#include "net/github/tokens.hpp"

#include <memory>

namespace ingot::github {

/// GitHub as a provider of repositories (model/contents/provider.hpp):
/// - a branch is observed by one conditional request for its head, which costs nothing when it has not moved;
/// - files are listed by one recursive tree, or subtree by subtree where GitHub cuts it;
/// - contents come as model/contents/plan says: one archive, GraphQL batches, or one request each.
std::shared_ptr<contents::provider> content_provider(const settings& config, std::shared_ptr<client> transport,
                                                     std::shared_ptr<tokens> credentials, std::shared_ptr<permits> limiter);

} // namespace ingot::github
