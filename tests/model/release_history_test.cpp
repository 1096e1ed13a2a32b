#include "model/drupal/release_history.hpp"
#include "model/drupal/version.hpp"
#include "tests/model/recorded.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace ingot;
using namespace ingot::drupal;

namespace {

std::string release_xml(const std::string& version, const std::vector<std::string>& types = {}, const std::string& more = {}) {
  auto terms = std::string{};
  for (const auto& x : types)
    terms += "<term><name>Release type</name><value>" + x + "</value></term>";
  return "<release><name>x " + version + "</name><version>" + version + "</version>" +
         (more.find("<status>") == std::string::npos ? "<status>published</status>" : "") + more +
         (terms.empty() ? "" : "<terms>" + terms + "</terms>") + "</release>\n";
}

std::string history_xml(const std::string& project, const std::string& head, const std::string& releases) {
  return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<project xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<title>T &amp; "
         "U</title>"
         "<short_name>" +
         project + "</short_name>" + head + "<releases>\n" + releases + "</releases></project>";
}

release_history parsed(std::string_view xml) {
  auto found = parse_release_history(xml);
  if (const auto* refused = std::get_if<failure>(&found))
    FAIL(refused->message << (refused->details.empty()
                                  ? ""
                                  : ": " + refused->details[0].pointer + ": " + refused->details[0].message));
  return std::get<release_history>(std::move(found));
}

failure refused(std::string_view xml) {
  auto found = parse_release_history(xml);
  REQUIRE(std::holds_alternative<failure>(found));
  return std::get<failure>(std::move(found));
}

const release& of_version(const release_history& x, const std::string& version) {
  const auto at = std::find_if(x.releases.begin(), x.releases.end(), [&](const auto& r) { return r.version == version; });
  if (at == x.releases.end())
    FAIL("no release " << version);
  return *at;
}

/// The branch that a version of `project` has when the history says these branches (none when empty).
std::string branch(const std::string& project, const std::string& version, const std::string& supported = {}) {
  const auto head = supported.empty() ? "" : "<supported_branches>" + supported + "</supported_branches>";
  return of_version(parsed(history_xml(project, head, release_xml(version))), version).branch;
}

} // namespace

TEST_CASE("a release history is read as updates.drupal.org writes it today") {
  const auto x = parsed(history_xml(
      "token", "<project_status>published</project_status><supported_branches>8.x-1.,2.0.</supported_branches>",
      release_xml("2.0.1", {"Bug fixes", "Security update"},
                  "<date>1719592108</date><release_link>https://www.drupal.org/project/token/releases/2.0.1</release_link>"
                  "<security covered=\"1\">Covered</security>") +
          release_xml("2.0.0", {"Insecure"}) + release_xml("8.x-1.9", {}, "<status>unpublished</status>")));
  CHECK(x.project == "token");
  CHECK(x.title == "T & U");
  CHECK(x.status == "published");
  CHECK(x.supported_branches == std::vector<std::string>{"8.x-1.", "2.0."});
  CHECK(x.warnings.empty());
  REQUIRE(x.releases.size() == 3);
  const auto& newest = x.releases[0];
  CHECK(newest.version == "2.0.1");
  CHECK(newest.sort_key == parse_version("2.0.1")->sort_key);
  CHECK(newest.branch == "2.0.");
  CHECK(newest.released_at == parse_rfc3339("2024-06-28T16:28:28Z"));
  CHECK(newest.published);
  CHECK(newest.security);
  CHECK_FALSE(newest.insecure);
  CHECK_FALSE(newest.unsupported);
  CHECK(newest.release_link == "https://www.drupal.org/project/token/releases/2.0.1");
  CHECK(x.releases[1].insecure);
  CHECK_FALSE(x.releases[1].security);
  CHECK_FALSE(x.releases[1].released_at);
  CHECK_FALSE(x.releases[2].published);
}

TEST_CASE("a release belongs to the longest supported branch that fits, else to the one that its name tells") {
  CHECK(branch("token", "2.1.3", "2.,2.1.,2.1.3.") == "2.1.");
  CHECK(branch("token", "2.1.3", "8.x-1.,3.") == "2.");
  CHECK(branch("token", "8.x-1.0") == "8.x-1.");
  CHECK(branch("token", "8.x-1.x-dev") == "8.x-1.");
  CHECK(branch("token", "7.x-3.1") == "7.x-3.");
  CHECK(branch("token", "3.x-dev") == "3.");
  CHECK(branch("token", "2.1.3-beta1") == "2.");
  CHECK(branch("drupal", "10.3.0-beta1") == "10.3.");
  CHECK(branch("drupal", "10.3.x-dev") == "10.3.");
  CHECK(branch("drupal", "7.59") == "7.");
  CHECK(branch("drupal", "7.x-dev") == "7.");
  CHECK(branch("token", "HEAD") == "HEAD");
}

TEST_CASE("what Drupal calls unsupported is: by its release type, its branch, its former major version, its project") {
  const auto unsupported = [](const std::string& head, const std::string& release) {
    return parsed(history_xml("x", head, release)).releases.at(0).unsupported;
  };
  CHECK_FALSE(unsupported("", release_xml("1.0.0")));
  CHECK(unsupported("", release_xml("1.0.0", {"Unsupported"})));
  CHECK(unsupported("<supported_branches>2.0.</supported_branches>", release_xml("1.0.0")));
  CHECK_FALSE(unsupported("<supported_branches>1.0.</supported_branches>", release_xml("1.0.0")));
  CHECK(unsupported("<supported_majors>2,3</supported_majors>", release_xml("7.x-1.0", {}, "<version_major>1</version_major>")));
  CHECK_FALSE(
      unsupported("<supported_majors>2,3</supported_majors>", release_xml("7.x-3.0", {}, "<version_major>3</version_major>")));
  for (const auto* status : {"unsupported", "insecure", "revoked", "unpublished"})
    CHECK(unsupported("<project_status>" + std::string{status} + "</project_status>", release_xml("1.0.0")));
  CHECK_FALSE(unsupported("<project_status>published</project_status>", release_xml("1.0.0")));
}

TEST_CASE("law 6: one bad release is named with its line and loses no other") {
  const auto x = parsed(history_xml("x", "",
                                    release_xml("1.0.3") + release_xml("") + release_xml(std::string(51, '1')) +
                                        release_xml("1.0.2", {}, "<status>withdrawn</status>") +
                                        release_xml("1.0.3", {"Insecure"}) + release_xml("1.0.1", {}, "<date>yesterday</date>") +
                                        release_xml("1.0.0", {}, "<release_link>&#xD800;</release_link>")));
  REQUIRE(x.releases.size() == 3);
  CHECK_FALSE(of_version(x, "1.0.3").insecure);
  CHECK_FALSE(of_version(x, "1.0.1").released_at);
  CHECK(of_version(x, "1.0.0").release_link.empty());
  REQUIRE(x.warnings.size() == 5);
  CHECK(x.warnings[0] == "line 5: a release is left out: `` is no version");
  CHECK(x.warnings[2].find("`withdrawn`") != std::string::npos);
  CHECK(x.warnings[3].find("1.0.3 stands there twice") != std::string::npos);
  CHECK(x.warnings[4].find("`yesterday`") != std::string::npos);
}

TEST_CASE("law 5: warnings, releases and bytes of a history are bounded") {
  auto bad = std::string{};
  for (auto i = 0; i < 50; ++i)
    bad += release_xml("");
  const auto x = parsed(history_xml("x", "", bad));
  REQUIRE(x.warnings.size() == release_warnings_max + 1);
  CHECK(x.warnings.back() == "and 30 more");
  auto many = std::string{};
  for (std::size_t i = 0; i <= releases_max; ++i)
    many += release_xml("1." + std::to_string(i));
  CHECK(refused(history_xml("x", "", many)).code == fault::body_too_large);
  CHECK(refused(std::string(release_history_bytes_max + 1, ' ')).code == fault::body_too_large);
}

TEST_CASE("a text that is no release history is refused with the place") {
  const auto broken = refused("<?xml version=\"1.0\"?>\n<project>\n<title>x</wrong></project>");
  CHECK(broken.code == fault::malformed_body);
  REQUIRE(broken.details.size() == 1);
  CHECK(broken.details[0].pointer.starts_with("line 3, byte "));
  CHECK(refused("").code == fault::malformed_body);
  CHECK(refused("{\"project\": 1}").code == fault::malformed_body);
  CHECK(refused("<html><body/></html>").code == fault::malformed_body);
  CHECK(refused("<project><releases/></project>").code == fault::missing_field);
  CHECK(refused(history_xml("../x", "", "")).code == fault::missing_field);
  CHECK(refused("<project>\n\xff</project>").details.at(0).pointer == "line 2, byte 10");
  CHECK(refused(std::string{"<project>\0</project>", 20}).code == fault::unstorable_text);
  const auto unknown =
      refused("<?xml version=\"1.0\"?>\n<error>\nNo release history was found for the requested project (nope).\n</error>");
  CHECK(unknown.code == fault::not_found);
  CHECK(unknown.message.find("No release history was found") != std::string::npos);
}

TEST_CASE("law 5: entities of a document's own are not expanded") {
  const auto x = parsed("<!DOCTYPE project [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>"
                        "<project><title>&b;&b;</title><short_name>x</short_name><releases/></project>");
  CHECK(x.title == "&b;&b;");
}

TEST_CASE("recorded release histories, of today's form and of the older one, are read whole") {
  const auto folder = testing::shared_data() / "drupal/release-history";
  if (!std::filesystem::is_directory(folder)) {
    WARN("not found, so not shown here: shared/data/drupal/release-history");
    return;
  }
  const auto today = parsed(testing::bytes_of(folder / "core-fixture.aaa_update_test.sec.8.x-1.2_8.x-2.2.xml"));
  CHECK(today.project == "aaa_update_test");
  CHECK(today.releases.size() == 8);
  CHECK(today.warnings.empty());
  CHECK(of_version(today, "8.x-2.1").security);
  CHECK(of_version(today, "8.x-2.1").insecure);
  CHECK(of_version(today, "8.x-2.2").branch == "8.x-2.");
  CHECK_FALSE(of_version(today, "8.x-2.2").unsupported);
  CHECK(of_version(today, "8.x-3.0-beta2").unsupported);
  CHECK(of_version(today, "8.x-3.0-beta2").branch == "8.x-3.");
  const auto older = parsed(testing::bytes_of(folder / "compact_forms.7.x.xml"));
  CHECK(older.project == "compact_forms");
  CHECK(older.releases.size() == 2);
  CHECK(older.warnings.empty());
  CHECK(of_version(older, "7.x-1.0").branch == "7.x-1.");
  CHECK(of_version(older, "7.x-1.0").released_at == parse_rfc3339("2011-01-09T06:25:54Z"));
  CHECK_FALSE(of_version(older, "7.x-1.x-dev").unsupported);
}
