#include "model/github/api/credential.hpp"

namespace ingot::github {

std::string_view to_string(credential_kind x) noexcept {
  switch (x) {
  case credential_kind::installation:
    return "installation";
  case credential_kind::user:
    return "user";
  case credential_kind::personal:
    return "personal";
  }
  return "";
}

std::optional<credential_kind> credential_kind_of(std::string_view name) noexcept {
  for (const auto x : {credential_kind::installation, credential_kind::user, credential_kind::personal})
    if (to_string(x) == name)
      return x;
  return std::nullopt;
}

} // namespace ingot::github
