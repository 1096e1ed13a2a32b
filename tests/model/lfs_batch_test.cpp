#include "model/contents/lfs_batch.hpp"
#include "tests/support/catch.hpp"

using namespace ingot;
using namespace ingot::contents;

namespace {

const auto first = lfs_pointer{std::string(64, 'a'), 5};
const auto second = lfs_pointer{std::string(64, 'b'), 7};

std::vector<lfs_offer> offers(const std::string& text) {
  const auto wanted = std::vector{first, second};
  auto out = parse_lfs_offers(text, wanted);
  if (const auto* why = std::get_if<failure>(&out))
    FAIL(why->message);
  return std::get<std::vector<lfs_offer>>(std::move(out));
}

std::string object(const lfs_pointer& x, const std::string& rest) {
  return R"({"oid":")" + x.oid + R"(","size":)" + std::to_string(x.size) + rest + '}';
}

} // namespace

TEST_CASE("a question for LFS objects is what git-lfs's batch API wants") {
  CHECK(lfs_question(std::vector{first}) == R"({"operation":"download","transfers":["basic"],"objects":[{"oid":")" + first.oid +
                                                R"(","size":5}],"hash_algo":"sha256"})");
}

TEST_CASE("offers come in the order of the question, with their headers") {
  const auto found = offers(R"({"transfer":"basic","objects":[)" +
                            object(second, R"(,"error":{"code":404,"message":"Object does not exist"})") + ',' +
                            object(first, R"(,"authenticated":true,"actions":{"download":{"href":"https://x.example/a",)"
                                          R"("header":{"X-Key":"v","Host":"evil.example","A b":"c","Two":"a\r\nb"}}})") +
                            "]}");
  REQUIRE(found.size() == 2);
  CHECK(found[0].of.oid == first.oid);
  CHECK(found[0].url == "https://x.example/a");
  CHECK(found[0].headers == std::vector<std::pair<std::string, std::string>>{{"x-key", "v"}});
  CHECK(found[0].problem.empty());
  CHECK(found[1].of.oid == second.oid);
  CHECK(found[1].url.empty());
  CHECK(found[1].problem == "Object does not exist");
}

TEST_CASE("what an LFS server does not say, or says of another size, cannot be had") {
  auto found = offers(R"({"objects":[{"oid":")" + first.oid +
                      R"(","size":6,"actions":{"download":{"href":"https://x.example/a"}}},{"oid":"strange"},7]})");
  CHECK(found[0].problem == "it has another size than its pointer says");
  CHECK(found[1].problem == "the server says nothing of it");
  found = offers(R"({"objects":[)" + object(first, R"(,"actions":{})") + "]}");
  CHECK(found[0].problem == "the server offers no download of it");
  const auto wanted = std::vector{first};
  for (const auto* bad : {"", "[]", "{}", R"({"objects":{}})", R"({"message":"Not Found"})"})
    CHECK(std::holds_alternative<failure>(parse_lfs_offers(bad, wanted)));
}
