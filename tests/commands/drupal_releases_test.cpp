#include "commands/drupal_releases.hpp"
#include "tests/config/scratch_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/has_text.hpp"
#include "tests/support/postgres.hpp"

#include <sstream>

using namespace ingot;
using namespace ingot::commands;

namespace {

std::string history(const std::string& project, const std::string& version, const std::string& date = "1700000000") {
  return "<project><title>T</title><short_name>" + project + "</short_name><releases><release><version>" + version +
         "</version><date>" + date +
         "</date><status>published</status><terms><term><name>Release type</name><value>Security update</value></term></terms>"
         "</release></releases></project>";
}

struct said {
  int code;
  std::string out, err;
};

said import(const testing::database& db, const std::vector<std::string>& names, bool json = false, const std::string& input = {},
            storage::older_histories older = storage::older_histories::refused) {
  auto of = settings{};
  of.database = db.settings();
  std::istringstream in{input};
  std::ostringstream out, err;
  const auto code = import_drupal_releases(of, names, in, older, *parse_rfc3339("2024-05-01T12:00:00Z"), {out, err, json, false});
  return {code, out.str(), err.str()};
}

const std::string projects = "SELECT COALESCE(string_agg(project, ' ' ORDER BY project), '') FROM module_releases";

} // namespace

TEST_CASE("release histories are imported from files, folders and standard input") {
  testing::database db;
  scratch_folder folder;
  folder.write("a.xml", history("token", "1.0.1"));
  folder.write("notes.txt", "not one of them");
  std::filesystem::create_directories(folder.path() / "sub/deeper");
  folder.write("sub/b.xml", history("views", "2.0.1"));
  folder.write("sub/deeper/c.xml", history("ctools", "3.0.1"));
  const auto x = import(db, {(folder.path() / "a.xml").string(), (folder.path() / "sub").string(), "-"}, false,
                        history("pathauto", "8.x-1.1"));
  CHECK(x.code == done);
  CHECK(x.err.empty());
  CHECK(db.sql(projects) == "ctools pathauto token views");
  CHECK(x.out.find("4 imported, 0 failed; 4 releases written") != std::string::npos);
  CHECK(x.out.find("PROJECT") == 0);
}

TEST_CASE("law 6: a broken release history is named with its place and the others are imported") {
  testing::database db;
  scratch_folder folder;
  folder.write("a.xml", history("token", "1.0.1"));
  folder.write("b.xml", "<project>\n<title></project>");
  folder.write("c.xml", history("views", "2.0.1"));
  const auto x = import(db, {folder.path().string(), (folder.path() / "absent.xml").string()});
  CHECK(x.code == failed);
  CHECK(db.sql(projects) == "token views");
  CHECK(x.err.find("b.xml: not imported: the release history is no XML; line 2, byte ") != std::string::npos);
  CHECK(x.err.find("absent.xml: not imported: it is no file") != std::string::npos);
  CHECK(x.out.find("2 imported, 2 failed") != std::string::npos);
}

TEST_CASE("an import of release histories as JSON says what each file changed") {
  testing::database db;
  const auto first = import(db, {"-"}, true, history("token", "1.0.1"));
  CHECK(first.out == R"({"imported":[{"file":"-","project":"token","releases":1,"security_releases":1,"releases_written":1,)"
                     R"("releases_removed":0,"versions_flagged":0,"versions_cleared":0,"warnings":[]}],"failed":[]})"
                     "\n");
  const auto again = import(db, {"-"}, true, history("token", "1.0.1"));
  CHECK(again.out.find(R"("releases_written":0)") != std::string::npos);
  const auto wrong = import(db, {"-"}, true, "nonsense");
  CHECK(wrong.code == failed);
  CHECK(wrong.out.find(R"({"imported":[],"failed":[{"file":"-","error":")") == 0);
}

TEST_CASE("an import from a folder without release histories says so") {
  testing::database db;
  scratch_folder folder;
  CHECK_THROWS_WITH(import(db, {folder.path().string()}), testing::has_text("no .xml file"));
}

TEST_CASE("law 4: an older release history is named and not imported unless it is forced") {
  testing::database db;
  REQUIRE(import(db, {"-"}, false, history("token", "1.0.2", "1700000001")).code == done);
  const auto x = import(db, {"-"}, false, history("token", "1.0.1", "1700000000"));
  CHECK(x.code == failed);
  CHECK(x.err == "-: not imported: its newest release is of 2023-11-14T22:13:20Z, and one of 2023-11-14T22:13:21Z is "
                 "known: the file is older than what it would replace (--force imports it all the same)\n");
  CHECK(db.sql("SELECT version FROM module_releases") == "1.0.2");
  CHECK(import(db, {"-"}, false, history("token", "1.0.1", "1700000000"), storage::older_histories::taken).code == done);
  CHECK(db.sql("SELECT version FROM module_releases") == "1.0.1");
}
