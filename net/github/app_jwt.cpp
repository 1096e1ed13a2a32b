#include "net/github/app_jwt.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <new>
#include <stdexcept>

#include <jwt.h>

namespace ingot::github {

namespace {

struct jwt_free_all {
  void operator()(jwt_t* x) const { jwt_free(x); }
  void operator()(char* x) const { std::free(x); }
};

long seconds_of(timestamp at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

} // namespace

std::string make_app_jwt(const std::string& app_id, const std::string& private_key_pem, timestamp now) {
  auto* made = static_cast<jwt_t*>(nullptr);
  if (jwt_new(&made) != 0)
    throw std::bad_alloc{};
  const auto token = std::unique_ptr<jwt_t, jwt_free_all>{made};
  const auto refused = jwt_add_grant(made, "iss", app_id.c_str()) != 0 ||
                       jwt_add_grant_int(made, "iat", seconds_of(now - std::chrono::minutes{1})) != 0 ||
                       jwt_add_grant_int(made, "exp", seconds_of(now + jwt_life)) != 0 ||
                       jwt_set_alg(made, JWT_ALG_RS256, reinterpret_cast<const unsigned char*>(private_key_pem.data()),
                                   static_cast<int>(private_key_pem.size())) != 0;
  const auto text = std::unique_ptr<char, jwt_free_all>{refused ? nullptr : jwt_encode_str(made)};
  if (!text)
    throw std::runtime_error{"github_api.app_private_key is no RSA private key in PEM"};
  return text.get();
}

std::string read_private_key(const std::string& setting) {
  if (setting.find("-----BEGIN") != setting.npos) {
    // Files of environment variables hold no line breaks: there they are written as \n.
    auto pem = setting;
    for (auto at = pem.find("\\n"); at != pem.npos; at = pem.find("\\n", at + 1))
      pem.replace(at, 2, "\n");
    return pem;
  }
  auto file = std::ifstream{setting, std::ios::binary};
  if (setting.empty() || !file)
    throw std::runtime_error{"github_api.app_private_key is neither PEM nor a file that can be read"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace ingot::github
