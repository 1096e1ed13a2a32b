#pragma once

#include "config/settings.hpp"
#include "model/contents/provider.hpp"

#include <memory>

/// Any git remote as a provider of repositories: over smart HTTP(S), or a path of this machine where that is allowed.
namespace ingot::git {

/// Needs no API and no quota:
/// - a branch is observed by the remote's list of references,
/// - resolve() fetches it into a bare clone below `git` in the data folder (cache.hpp), with its whole history: libgit2 1.5 knows
///   no shallow clones,
/// - files and contents come from that clone, or from the path itself. A content of a pack is held whole while it passes.
/// - there are no credentials: a remote that asks for some is forbidden.
std::shared_ptr<contents::provider> git_provider(const settings& config);

} // namespace ingot::git
