#pragma once

#include "actors/context.hpp"
#include "net/github/tokens.hpp"

namespace ingot {

/// The credentials in the database, as GitHub's tokens are made from them. Blocks; what fails is thrown as
/// contents::provider_error: transient while the database is away, forbidden when one cannot be opened or is not live. The
/// context outlives it.
github::credential_book credentials_of(const node_context& context);

} // namespace ingot
