#include "model/install_state.hpp"

#include "tests/support/catch.hpp"

using namespace ingot;

namespace {

const auto noon = *parse_rfc3339("2026-05-01T12:00:00Z");
const auto key = std::string(32, 'k');

std::array<unsigned char, 32> filled(unsigned char with) {
  auto out = std::array<unsigned char, 32>{};
  out.fill(with);
  return out;
}

} // namespace

TEST_CASE("law 9: an installation's state is signed for one user and one purpose, and says when it ends") {
  const auto token = make_install_token(key, install_purpose::state, "ada", noon, filled(1));
  CHECK(install_token_end(token) == noon);
  CHECK(is_signed_for(token, key, install_purpose::state, "ada"));
  CHECK_FALSE(is_signed_for(token, key, install_purpose::state, "grace"));
  CHECK_FALSE(is_signed_for(token, key, install_purpose::link, "ada"));
  CHECK_FALSE(is_signed_for(token, std::string(32, 'x'), install_purpose::state, "ada"));
  CHECK_FALSE(is_signed_for(token, "", install_purpose::state, "ada"));
  CHECK(token != make_install_token(key, install_purpose::state, "ada", noon, filled(2)));
  CHECK(install_token_hash(token).size() == 32);
  for (auto i = std::size_t{0}; i < token.size(); ++i) {
    auto forged = token;
    forged[i] = forged[i] == '1' ? '2' : '1';
    CHECK_FALSE(is_signed_for(forged, key, install_purpose::state, "ada"));
  }
}

TEST_CASE("what is no state of an installation has no end") {
  const auto digits = std::string(64, 'a');
  for (const auto& wrong : {std::string{}, std::string{"."}, digits, digits + "." + digits, digits + ".1." + digits + "x",
                            digits + ".-1." + digits, digits + ".99999999999999999999." + digits, digits + "..1." + digits})
    CHECK_FALSE(install_token_end(wrong));
  CHECK(install_token_end(digits + ".1777636800." + digits) == noon);
}
