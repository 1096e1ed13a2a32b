#pragma once

#include "model/time.hpp"

#include <chrono>
#include <string>

namespace ingot::github {

/// How long a JWT of ours is good from its making; GitHub takes ten minutes at most, counted by its own clock.
inline constexpr auto jwt_life = std::chrono::minutes{9};

/// The token by which our App shows who it is: a JWT signed with RS256 ("Generating a JSON Web Token (JWT) for a GitHub App"),
/// whose `iat` lies a minute back, for clocks that differ. Throws std::runtime_error, which names no part of the key, when that
/// is no RSA key in PEM.
std::string make_app_jwt(const std::string& app_id, const std::string& private_key_pem, timestamp now);

/// The PEM text in `setting`, or in the file that it names. Throws std::runtime_error when there is none.
std::string read_private_key(const std::string& setting);

} // namespace ingot::github
