#include "model/api_key.hpp"

#include "model/sha256.hpp"
#include "model/signature.hpp"
#include "tests/support/catch.hpp"

using namespace ingot;

TEST_CASE("a SHA-256 is that of FIPS 180") {
  CHECK(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("an API key is its random bytes in base64url") {
  auto random = std::array<unsigned char, 32>{};
  CHECK(make_api_key(random) == "ingot_" + std::string(43, 'A'));
  for (auto i = 0; i < 32; ++i)
    random[static_cast<std::size_t>(i)] = static_cast<unsigned char>(255 - i);
  CHECK(make_api_key(random) == "ingot___79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA");
}

TEST_CASE("law 9: what is kept of an API key does not give it away") {
  auto random = std::array<unsigned char, 32>{};
  random.fill(7);
  const auto key = make_api_key(random);
  CHECK(api_key_hash(key) == sha256(key));
  CHECK(api_key_hash(key).size() == 32);
  CHECK(api_key_prefix(key) == key.substr(0, 12));
  CHECK(api_key_prefix("short") == "short");
}
