#include "model/base64.hpp"
#include "model/json_document.hpp"
#include "net/github/app_jwt.hpp"
#include "tests/net/github/app_key.hpp"
#include "tests/support/catch.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

using namespace ingot;
using ingot::testing::app_key;

namespace {

std::string from_base64url(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return from_base64(text).value();
}

const auto now = parse_rfc3339("2026-01-02T03:04:05Z").value();

} // namespace

TEST_CASE("the App's JWT is signed with its key, and says who and how long as GitHub wants it") {
  const auto key = app_key{};
  const auto jwt = github::make_app_jwt("12345", key.pem(), now);
  const auto first = jwt.find('.'), second = jwt.rfind('.');
  REQUIRE(first < second);
  CHECK(key.signed_by_it(jwt.substr(0, second), from_base64url(jwt.substr(second + 1))));
  CHECK_FALSE(app_key{}.signed_by_it(jwt.substr(0, second), from_base64url(jwt.substr(second + 1))));

  auto document = json_document{};
  const auto head = from_base64url(jwt.substr(0, first));
  REQUIRE_FALSE(document.parse(head));
  CHECK(std::string_view{document.root()["alg"]} == "RS256");
  const auto claims = from_base64url(jwt.substr(first + 1, second - first - 1));
  REQUIRE_FALSE(document.parse(claims));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  CHECK(std::string_view{document.root()["iss"]} == "12345");
  CHECK(std::int64_t{document.root()["iat"]} == seconds - 60);
  CHECK(std::int64_t{document.root()["exp"]} > seconds);
  CHECK(std::int64_t{document.root()["exp"]} <= seconds + 600);
}

TEST_CASE("law 9: a key that is none is refused without a word of it") {
  for (const auto* pem :
       {"", "nonsense-secret", "-----BEGIN RSA PRIVATE KEY-----\nnonsense-secret\n-----END RSA PRIVATE KEY-----\n"})
    try {
      github::make_app_jwt("1", pem, now);
      FAIL("it was taken");
    } catch (const std::runtime_error& e) {
      CHECK(std::string{e.what()}.find("nonsense") == std::string::npos);
      CHECK(std::string{e.what()}.find("app_private_key") != std::string::npos);
    }
}

TEST_CASE("the App's key is a text, or the file that it names") {
  const auto key = app_key{};
  CHECK(github::read_private_key(key.pem()) == key.pem());
  auto on_one_line = key.pem(); // as a file of environment variables has it
  for (auto at = on_one_line.find('\n'); at != on_one_line.npos; at = on_one_line.find('\n', at))
    on_one_line.replace(at, 1, "\\n");
  CHECK(github::read_private_key(on_one_line) == key.pem());
  auto name = (std::filesystem::temp_directory_path() / "ingot-key-XXXXXX").string();
  const auto descriptor = ::mkstemp(name.data());
  REQUIRE(descriptor >= 0);
  ::close(descriptor);
  std::ofstream{name} << key.pem();
  CHECK(github::read_private_key(name) == key.pem());
  std::filesystem::remove(name);
  CHECK_THROWS_AS(github::read_private_key(name), std::runtime_error);
  CHECK_THROWS_AS(github::read_private_key(""), std::runtime_error);
}
