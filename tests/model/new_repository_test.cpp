#include "model/new_repository.hpp"

#include "tests/support/catch.hpp"

using namespace ingot;
using namespace ingot::contents;

namespace {

const auto rules = repository_rules{1'000, false};

template <class Parsed>
Parsed good(std::variant<Parsed, failure> x) {
  if (const auto* why = std::get_if<failure>(&x))
    FAIL(why->message << (why->details.empty() ? "" : why->details.front().pointer));
  return std::get<Parsed>(std::move(x));
}

/// The places that are named as wrong.
template <class Parsed>
std::string places(const std::variant<Parsed, failure>& x) {
  auto out = std::string{};
  if (const auto* why = std::get_if<failure>(&x))
    for (const auto& detail : why->details)
      out += (out.empty() ? "" : " ") + detail.pointer;
  return out;
}

} // namespace

TEST_CASE("a repository to be followed is read with its patterns and limits") {
  const auto x = good(parse_new_repository(
      R"({"provider":"github","owner":"octo-org","name":"hello.world","branch":"release/2","include":["*.cpp","!x.cpp"],
          "exclude":["third_party/"],"fileBytesMax":1000,"skipBinary":true,"fetchLfs":true,"credentialId":7})",
      rules));
  CHECK(x.owner == "octo-org");
  CHECK(x.name == "hello.world");
  CHECK(x.branch == "release/2");
  CHECK(x.filter == repository_filter{{"*.cpp", "!x.cpp"}, {"third_party/"}, 1'000, true, true});
  CHECK(x.credential_id == 7);
  const auto plain = good(parse_new_repository(R"({"provider":"github","owner":"a","name":"b","branch":null})", rules));
  CHECK(plain.branch.empty());
  CHECK(plain.filter == repository_filter{});
  const auto git = good(parse_new_repository(R"({"provider":"git","url":"https://example.org/a/b.git"})", rules));
  CHECK(git.name == "b");
}

TEST_CASE("every fault of a repository to be followed is named with its JSON pointer") {
  CHECK(places(parse_new_repository("{}", rules)) == "/provider");
  CHECK(places(parse_new_repository(R"({"provider":"github"})", rules)) == "/owner /name");
  CHECK(places(parse_new_repository(
            R"({"provider":"github","owner":"a/b","name":"..","branch":"a..b","include":["ok",7,""],"exclude":"x",
                "fileBytesMax":1001,"skipBinary":1,"credentialId":0,"colour":"red","url":"https://example.org"})",
            rules)) ==
        "/branch /include/1 /include/2 /exclude /fileBytesMax /skipBinary /credentialId /colour /owner /name /url");
  CHECK(places(parse_new_repository(R"({"provider":"git","owner":"a","credentialId":3,"url":"ftp://example.org/x"})", rules)) ==
        "/owner /credentialId /url");
  auto body = std::string{R"({"provider":"github","owner":"a","name":"b","include":[)"};
  for (auto i = 0; i < 101; ++i)
    body += (i == 0 ? "" : ",") + std::string{R"("x")"};
  CHECK(places(parse_new_repository(body + "]}", rules)) == "/include");
  CHECK(std::holds_alternative<failure>(parse_new_repository("nonsense", rules)));
}

TEST_CASE("a git remote's URL carries no secret and leads nowhere that is not allowed") {
  for (const auto* good_one : {"https://example.org/a/b.git", "http://example.org:8080/a"})
    CHECK_FALSE(judge_git_url(good_one, false));
  for (const auto* wrong :
       {"", "https://user:secret@example.org/a", "https://user@example.org/a", "ssh://example.org/a", "file:///etc",
        "git@example.org:a/b", "https://example.org/a?token=x", "https://example.org/a b", "/srv/git/a", "-oProxyCommand=x"})
    CHECK(judge_git_url(wrong, false));
  CHECK_FALSE(judge_git_url("/srv/git/a.git", true));
  CHECK(judge_git_url("/srv/git/../../etc", true));
}

TEST_CASE("branches are named as git has it") {
  for (const auto* good_one : {"main", "feature/x-1", "ä", "a@b"})
    CHECK_FALSE(judge_branch(good_one));
  for (const auto* wrong :
       {"",     "@",    "-x", "a..b", "a b", "a~1",  "a^",     "a:b",      "a?", "a*",    "a[",
        "a\\b", "a//b", "/a", "a/",   ".a",  "a/.b", "a.lock", "a.lock/b", "a.", "a@{1}", "refs/heads/main"}) {
    INFO(wrong);
    CHECK(judge_branch(wrong));
  }
}

TEST_CASE("a change of a followed repository leaves what it does not name, and null takes back") {
  const auto x = good(parse_repository_change(R"({"branch":null,"include":["a"],"fileBytesMax":null,"skipBinary":null})", rules));
  CHECK(x.branch == "");
  CHECK(x.include == std::vector<std::string>{"a"});
  CHECK_FALSE(x.exclude);
  REQUIRE(x.file_bytes_max);
  CHECK_FALSE(*x.file_bytes_max);
  CHECK(x.skip_binary == false);
  CHECK_FALSE(x.credential_id);
  CHECK(places(parse_repository_change(R"({"owner":"b","exclude":[3]})", rules)) == "/owner /exclude/0");
  CHECK(good(parse_sync_request("")) == false);
  CHECK(good(parse_sync_request(R"({"full":true})")) == true);
  CHECK(places(parse_sync_request(R"({"full":1})")) == "/full");
}
