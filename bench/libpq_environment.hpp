#pragma once

#include <map>
#include <string>

#include <libpq-fe.h>

namespace ingot::bench {

/// What a connection string says, as the environment variables of libpq: for programs that take no string.
inline std::map<std::string, std::string> libpq_environment(const std::string& url) {
  std::map<std::string, std::string> out;
  auto* options = PQconninfoParse(url.c_str(), nullptr);
  for (auto* x = options; x != nullptr && x->keyword != nullptr; ++x)
    if (x->val != nullptr && x->envvar != nullptr)
      out[x->envvar] = x->val;
  PQconninfoFree(options);
  return out;
}

} // namespace ingot::bench
