#include "model/github/api/parse.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <variant>
#include <vector>

using namespace ingot;
using namespace ingot::github;
using ingot::contents::file_mode;
using ingot::contents::object_id;

namespace {

const auto a = std::string(40, 'a');
const auto b = std::string(40, 'b');

std::string with(std::string text) {
  for (auto at = text.find("AAA"); at != text.npos; at = text.find("AAA"))
    text.replace(at, 3, '"' + a + '"');
  for (auto at = text.find("BBB"); at != text.npos; at = text.find("BBB"))
    text.replace(at, 3, '"' + b + '"');
  return text;
}

/// The first place that is wrong, and nothing when all is well.
template <class Value>
std::string place_of(const api::parsed<Value>& x) {
  const auto* wrong = std::get_if<failure>(&x);
  if (wrong == nullptr)
    return {};
  return wrong->details.empty() ? "somewhere" : wrong->details.front().pointer;
}

std::string tree_with(const std::string& entry) {
  return with(R"({"sha":AAA,"truncated":false,"tree":[{"path":"ok","mode":"100644","type":"blob","sha":BBB,"size":1},)" + entry +
              "]}");
}

} // namespace

TEST_CASE("a tree's entries become files, submodules and folders") {
  const auto body = tree_with(R"({"path":"run.sh","mode":"100755","type":"blob","sha":BBB,"size":9},
    {"path":"link","mode":"120000","type":"blob","sha":BBB,"size":3},
    {"path":"lib/other","mode":"160000","type":"commit","sha":BBB},
    {"path":"lib","mode":"040000","type":"tree","sha":AAA},
    {"path":"gr\u00fc\u00df/\"x\" \\ y","mode":"100664","type":"blob","sha":BBB,"size":0})");
  const auto parsed = api::parse_tree(body);
  REQUIRE(place_of(parsed) == "");
  const auto& x = std::get<api::tree>(parsed);
  CHECK(x.id.hex() == a);
  CHECK_FALSE(x.truncated);
  REQUIRE(x.items.size() == 6);
  CHECK(x.items[0].entry == contents::tree_entry{"ok", file_mode::regular, *object_id::parse(b), 1});
  CHECK(x.items[1].entry.mode == file_mode::executable);
  CHECK(x.items[2].entry.mode == file_mode::symbolic_link);
  CHECK(x.items[3].entry.mode == file_mode::submodule);
  CHECK(x.items[3].entry.size == 0);
  CHECK(x.items[4].is_tree);
  CHECK_FALSE(x.items[3].is_tree);
  CHECK(x.items[5].entry.path == "grüß/\"x\" \\ y");
  CHECK(x.items[5].entry.mode == file_mode::regular);
}

TEST_CASE("an entry of a tree that is not what it should be is named with its place") {
  struct row {
    const char *entry, *place;
  };
  for (const auto& x : std::vector<row>{
           {R"({"mode":"100644","type":"blob","sha":BBB,"size":1})", "/tree/1/path"},
           {R"({"path":"","mode":"100644","type":"blob","sha":BBB,"size":1})", "/tree/1/path"},
           {R"({"path":"/etc/passwd","mode":"100644","type":"blob","sha":BBB,"size":1})", "/tree/1/path"},
           {R"({"path":"a/../../b","mode":"100644","type":"blob","sha":BBB,"size":1})", "/tree/1/path"},
           {R"({"path":"a//b","mode":"100644","type":"blob","sha":BBB,"size":1})", "/tree/1/path"},
           {R"({"path":"a/","mode":"100644","type":"blob","sha":BBB,"size":1})", "/tree/1/path"},
           {R"({"path":".","mode":"040000","type":"tree","sha":BBB})", "/tree/1/path"},
           {R"({"path":"a\u0000b","mode":"100644","type":"blob","sha":BBB,"size":1})", "/tree/1/path"},
           {R"({"path":"a\ud800b","mode":"100644","type":"blob","sha":BBB,"size":1})", "/tree/1/path"},
           {R"({"path":7,"mode":"100644","type":"blob","sha":BBB,"size":1})", "/tree/1/path"},
           {R"({"path":"a","mode":"100644","type":"blob","sha":"abc","size":1})", "/tree/1/sha"},
           {R"({"path":"a","mode":"100644","type":"blob","size":1})", "/tree/1/sha"},
           {R"({"path":"a","mode":"100644","type":"tag","sha":BBB,"size":1})", "/tree/1/type"},
           {R"({"path":"a","mode":"040000","type":"blob","sha":BBB,"size":1})", "/tree/1/mode"},
           {R"({"path":"a","mode":"160000","type":"blob","sha":BBB,"size":1})", "/tree/1/mode"},
           {R"({"path":"a","mode":"100644","type":"commit","sha":BBB})", "/tree/1/mode"},
           {R"({"path":"a","mode":"100644","type":"blob","sha":BBB})", "/tree/1/size"},
           {R"({"path":"a","mode":"100644","type":"blob","sha":BBB,"size":-1})", "/tree/1/size"},
           {R"({"path":"a","path":"b","mode":"100644","type":"blob","sha":BBB,"size":1})", "/tree/1/path"},
           {"7", "/tree/1/path"},
           {"null", "/tree/1/path"},
       }) {
    INFO(x.entry);
    CHECK(place_of(api::parse_tree(tree_with(x.entry))) == x.place);
  }
  CHECK(place_of(api::parse_tree(with(R"({"sha":AAA,"tree":[]})"))) == "/truncated");
  CHECK(place_of(api::parse_tree(with(R"({"sha":AAA,"truncated":false})"))) == "/tree");
  CHECK(place_of(api::parse_tree(with(R"({"truncated":false,"tree":[]})"))) == "/sha");
  for (const auto* text : {"", "[]", "null", "{", "{\"sha\":", "\xff", "<html>"})
    CHECK(place_of(api::parse_tree(text)) != "");
}

TEST_CASE("a tree of a hundred thousand entries is read whole") {
  auto body = with(R"({"sha":AAA,"truncated":true,"tree":[)");
  for (auto i = 0; i < 100'000; ++i)
    body += (i > 0 ? "," : "") + std::string{R"({"path":"src/folder/file)"} + std::to_string(i) +
            R"(.txt","mode":"100644","type":"blob","size":12,"sha":")" + b + R"(","url":"https://api.example/x"})";
  body += "]}";
  const auto parsed = api::parse_tree(body);
  REQUIRE(place_of(parsed) == "");
  CHECK(std::get<api::tree>(parsed).truncated);
  CHECK(std::get<api::tree>(parsed).items.size() == 100'000);
  CHECK(std::get<api::tree>(parsed).items.back().entry.path == "src/folder/file99999.txt");
}

TEST_CASE("a commit is read alone and within a branch") {
  const auto* commit =
      R"({"sha":AAA,"commit":{"tree":{"sha":BBB},"message":"a NUL \u0000 that nobody reads","committer":{"date":"2026-01-02T03:04:05Z"}}})";
  for (const auto& body : {with(commit), with(std::string{R"({"name":"main","commit":)"} + commit + "}")}) {
    const auto parsed = api::parse_commit(body);
    REQUIRE(place_of(parsed) == "");
    const auto& x = std::get<api::commit>(parsed);
    CHECK(x.id.hex() == a);
    CHECK(x.tree.hex() == b);
    CHECK(x.committed_at == parse_rfc3339("2026-01-02T03:04:05Z"));
  }
  CHECK(place_of(api::parse_commit(with(R"({"sha":AAA,"commit":{"tree":{}}})"))) == "/commit/tree/sha");
  CHECK(place_of(api::parse_commit(with(R"({"sha":AAA})"))) == "/commit/tree/sha");
  CHECK(place_of(api::parse_commit("{}")) != "");
}

TEST_CASE("a comparison is complete only with fewer than 300 files and all its commits") {
  const auto comparison = [](int files, int commits, int total) {
    auto out = std::string{R"({"status":"ahead","total_commits":)"} + std::to_string(total) + R"(,"commits":[)";
    for (auto i = 0; i < commits; ++i)
      out += with(std::string{i > 0 ? "," : ""} + R"({"sha":AAA,"commit":{"tree":{"sha":BBB}}})");
    out += R"(],"files":[)";
    for (auto i = 0; i < files; ++i)
      out += with(std::string{i > 0 ? "," : ""} + R"({"filename":"f)" + std::to_string(i) + R"(","status":"added","sha":BBB})");
    return api::parse_comparison(out + "]}");
  };
  REQUIRE(place_of(comparison(3, 2, 2)) == "");
  const auto x = std::get<api::comparison>(comparison(3, 2, 2));
  CHECK(x.complete);
  CHECK(x.files.size() == 3);
  CHECK(x.head_commit.hex() == a);
  CHECK(x.head_tree.hex() == b);
  CHECK(std::get<api::comparison>(comparison(299, 2, 2)).complete);
  CHECK_FALSE(std::get<api::comparison>(comparison(300, 2, 2)).complete);
  CHECK_FALSE(std::get<api::comparison>(comparison(3, 2, 251)).complete);
  CHECK_FALSE(std::get<api::comparison>(comparison(0, 0, 0)).head_tree);
  CHECK(std::get<api::comparison>(comparison(0, 0, 0)).complete);
}

TEST_CASE("a changed file has what it was called before, and needs no id") {
  const auto parsed = api::parse_changed_files(
      with(R"([{"filename":"new","previous_filename":"old","status":"renamed","sha":BBB,"additions":1,"deletions":2,"changes":3},
               {"filename":"gone","status":"removed","sha":null},{"filename":"kept","status":"unchanged","sha":""}])"));
  REQUIRE(place_of(parsed) == "");
  const auto& x = std::get<std::vector<api::changed_file>>(parsed);
  CHECK(x[0].previous_path == "old");
  CHECK(x[0].id->hex() == b);
  CHECK(x[0].additions + 10 * x[0].deletions + 100 * x[0].changes == 321);
  CHECK_FALSE(x[1].id);
  CHECK_FALSE(x[2].id);
  CHECK(place_of(api::parse_changed_files(R"([{"filename":"x"}])")) == "/items/0/status");
  CHECK(place_of(api::parse_changed_files(R"([{"filename":"../x","status":"added"}])")) == "/items/0/filename");
  CHECK(place_of(api::parse_changed_files(with(R"([{"filename":"x","status":"added","sha":"7"}])"))) == "/items/0/sha");
  CHECK(place_of(api::parse_changed_files("{}")) != "");
  CHECK(place_of(api::parse_changed_files("[],\"x\":1")) == ""); // harmless: the same list
}

TEST_CASE("a file's content is decoded, a large one's is left out, and a folder's is a list") {
  const auto file =
      api::parse_content(with(R"({"type":"file","encoding":"base64","content":"aGVs\nbG8=\n","size":5,"path":"x","sha":AAA})"));
  REQUIRE(place_of(file) == "");
  CHECK(std::get<api::content_item>(file).text == "hello");
  const auto large =
      api::parse_content(with(R"({"type":"file","encoding":"none","content":"","size":2000000,"path":"x","sha":AAA})"));
  REQUIRE(place_of(large) == "");
  CHECK_FALSE(std::get<api::content_item>(large).text);
  const auto folder = api::parse_content(with(R"( [{"type":"dir","size":0,"path":"x/y","sha":AAA}])"));
  REQUIRE(place_of(folder) == "");
  CHECK(std::get<api::content_item>(folder).type == "dir");
  CHECK(std::get<api::content_item>(folder).items.at(0).path == "x/y");
  CHECK(place_of(api::parse_content(with(R"({"type":"file","encoding":"base64","content":"?","path":"x","sha":AAA})"))) ==
        "/content");
}

TEST_CASE("what is said of a wrong value can be stored, whatever it holds") {
  const auto refused =
      api::parse_content(with(R"({"type":"file","encoding":"base64","content":"aGVs\u0000=","path":"x","sha":AAA})"));
  CHECK(std::get<failure>(refused).details.at(0).message == R"(expected base64, and "aGVs\u0000=" came)");
}

TEST_CASE("a batch of blobs is asked for by ids alone and answered in their order") {
  const auto ids = std::vector{*object_id::parse(a), *object_id::parse(b), *object_id::parse(std::string(40, 'c')),
                               *object_id::parse(std::string(40, 'd'))};
  const auto query = api::graphql_blobs("o\"wner", "na\\me", ids);
  CHECK(query.find(R"("variables":{"owner":"o\"wner","name":"na\\me"})") != query.npos);
  CHECK(query.find("b1:object(oid:\\\"" + b + "\\\")") != query.npos);
  const auto parsed = api::parse_blobs(with(R"({"data":{"rateLimit":{"cost":3},"repository":{
      "b1":{"oid":BBB,"text":null,"isBinary":true,"isTruncated":false,"byteSize":7},
      "b0":{"oid":AAA,"text":"h\u00e9llo\u0000","isBinary":false,"isTruncated":false,"byteSize":7},
      "b2":null,"b3":{}}}})"),
                                       ids);
  REQUIRE(place_of(parsed) == "");
  const auto& x = std::get<api::blob_batch>(parsed);
  CHECK(x.points == 3);
  CHECK(x.repository_found);
  REQUIRE(x.blobs.size() == 4);
  CHECK(x.blobs[0].text == std::string{"héllo\0", 7});
  CHECK(x.blobs[0].size == 7);
  CHECK(x.blobs[1].found);
  CHECK(x.blobs[1].is_binary);
  CHECK_FALSE(x.blobs[1].text);
  CHECK_FALSE(x.blobs[2].found);
  CHECK_FALSE(x.blobs[3].found);
}

TEST_CASE("a blob that was cut has no text, another's id is a fault, and a repository may be absent") {
  const auto ids = std::vector{*object_id::parse(a)};
  const auto cut = api::parse_blobs(
      with(R"({"data":{"repository":{"b0":{"oid":AAA,"text":"x","isBinary":false,"isTruncated":true,"byteSize":9}}}})"), ids);
  CHECK_FALSE(std::get<api::blob_batch>(cut).blobs.at(0).text);
  CHECK(std::get<api::blob_batch>(cut).blobs.at(0).is_truncated);
  CHECK(place_of(api::parse_blobs(with(R"({"data":{"repository":{"b0":{"oid":BBB}}}})"), ids)) == "/data/repository/b0/oid");
  const auto absent = api::parse_blobs(R"({"data":{"repository":null},"errors":[{"type":"NOT_FOUND","message":"no"}]})", ids);
  CHECK_FALSE(std::get<api::blob_batch>(absent).repository_found);
  CHECK(place_of(api::parse_blobs(R"({"data":{}})", ids)) == "/data/repository");
  CHECK(place_of(api::parse_blobs("{}", ids)) == "/data/repository");
}

TEST_CASE("law 9: an answer with tokens that is not what it should be is told without them") {
  for (const auto* text :
       {"", "{\"token\":\"ghs_secret\"", R"({"token":"ghs_secret"})",
        R"({"token":"ghs secret","expires_at":"2026-01-02T03:04:05Z"})",
        R"({"token":"ghs_secret\r\nx: y","expires_at":"2026-01-02T03:04:05Z"})", R"({"token":7,"expires_at":"x"})"}) {
    const auto parsed = api::parse_installation_token(text);
    REQUIRE(std::holds_alternative<failure>(parsed));
    const auto& wrong = std::get<failure>(parsed);
    CHECK(wrong.message.find("secret") == std::string::npos);
    CHECK(wrong.details.empty());
    CHECK(std::holds_alternative<failure>(api::parse_refreshed_token(text)));
  }
  CHECK(std::get<api::refreshed_token>(api::parse_refreshed_token(R"({"error":"bad_refresh_token"})")).error ==
        "bad_refresh_token");
}

TEST_CASE("a repository without its id or owner is named with the place, and one that hides its privacy is private") {
  CHECK(place_of(api::parse_repository(R"({"name":"x","owner":{"login":"o"}})")) == "/id");
  CHECK(place_of(api::parse_repository(R"({"id":0,"name":"x","owner":{"login":"o"}})")) == "/id");
  CHECK(place_of(api::parse_repository(R"({"id":1,"name":"x","owner":null})")) == "/owner/login");
  CHECK(place_of(api::parse_installation_repositories(R"({"repositories":[{"id":1,"owner":{"login":"o"}}]})")) ==
        "/repositories/0/name");
  const auto parsed = api::parse_repository(R"({"id":1,"name":"x","owner":{"login":"o"}})");
  REQUIRE(place_of(parsed) == "");
  CHECK(std::get<api::repository>(parsed).is_private);
}
