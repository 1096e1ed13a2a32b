#pragma once

#include "model/fault.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ingot {

/// What a person may do: a reviewer judges submissions; an admin does whatever the admin token may do.
enum class person_role : std::uint8_t { reviewer, admin };

std::string_view to_string(person_role x) noexcept;
std::optional<person_role> parse_person_role(std::string_view text) noexcept;

/// A name has 1 to so many characters: lower-case letters, digits and `.`, `_`, `-`.
inline constexpr std::size_t reviewer_name_bytes_max = 64;
inline constexpr std::size_t email_bytes_max = 254; ///< RFC 5321 4.5.3.1.3, without the brackets

/// What is wrong with it, as a sentence; nothing when it is good.
std::optional<std::string> judge_reviewer_name(std::string_view name);
std::optional<std::string> judge_email(std::string_view address);

/// Who stands in the audit log: `reviewer ada`, `admin ada`. The admin token alone is `admin`.
std::string actor_of(person_role role, std::string_view name);

/// What a sign-in brings: the admin token, or a name and a password.
struct sign_in {
  std::string token;
  std::string name, password;
};

/// Reads `{"token"}` or `{"name", "password"}`. @returns what is wrong with it otherwise, which never quotes a value
std::variant<sign_in, failure> parse_sign_in(std::string_view body);

} // namespace ingot
