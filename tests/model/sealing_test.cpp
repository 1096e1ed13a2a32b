#include "model/sealing.hpp"
#include "model/signature.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/has_text.hpp"

using namespace ingot;

namespace {

constexpr auto fresh = sealing::nonce{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
const auto key = std::string(32, 'k');
constexpr auto place = "site/7/notify_secret";

} // namespace

TEST_CASE("law 9: a sealed secret holds nothing of the secret or the key, and opens again") {
  const auto seal = sealing{key};
  const auto sealed = seal.seal("whsec_hush", place, fresh);
  CHECK(sealed.find("hush") == std::string::npos);
  CHECK(sealed.find("kkkk") == std::string::npos);
  CHECK(sealed.size() == 1 + 8 + 12 + 10 + 16);
  CHECK(sealed[0] == 1);
  CHECK(seal.open(sealed, place) == "whsec_hush");
  CHECK(sealing{key}.open(sealed, place) == "whsec_hush");
  CHECK(seal.open(seal.seal("", place, fresh), place).empty());
}

TEST_CASE("a sealed secret opens in no other row, with no other key, and not when a single bit was changed") {
  const auto seal = sealing{key};
  const auto sealed = seal.seal("whsec_hush", place, fresh);
  CHECK_THROWS_WITH(seal.open(sealed, "site/8/notify_secret"), testing::has_text("another row"));
  CHECK_THROWS_WITH(sealing{std::string(32, 'x')}.open(sealed, place), testing::has_text("INGOT_MASTER_KEY"));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    auto changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    CHECK_THROWS_AS(seal.open(changed, place), unsealable);
  }
  for (std::size_t size = 0; size < sealed.size(); ++size)
    CHECK_THROWS_AS(seal.open(sealed.substr(0, size), place), unsealable);
  CHECK_THROWS_AS(sealing{"short"}, std::invalid_argument);
}

TEST_CASE("what is sealed is AES-256-GCM as others compute it") {
  // By Node.js' crypto and by Python's cryptography, of the same inputs.
  CHECK(to_hex(sealing{key}.seal("whsec_hush", place, fresh)) ==
        "018ec734f9abfd54c40102030405060708090a0b0c007a25080e46ecb65cce53f2f08d871c88f43dc36f6df9cfa1bb");
}
