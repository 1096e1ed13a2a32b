#include "model/drupal/inventory.hpp"
#include "tests/model/inventory_body.hpp"
#include "tests/model/recorded.hpp"
#include "tests/support/catch.hpp"

#include <simdjson.h>

using namespace ingot;
using namespace ingot::drupal;
using namespace ingot::testing;

namespace {

inventory sound(const sync_text& x, bool lenient = false) {
  auto parsed = parse_inventory(x.text(), lenient);
  if (const auto* why = std::get_if<failure>(&parsed)) {
    for (const auto& each : why->details)
      UNSCOPED_INFO(each.pointer << ": " << each.message);
    FAIL(why->message);
  }
  return std::move(std::get<inventory>(parsed));
}

failure refused(const sync_text& x, bool lenient = false) {
  auto parsed = parse_inventory(x.text(), lenient);
  REQUIRE(std::holds_alternative<failure>(parsed));
  return std::get<failure>(parsed);
}

std::vector<std::string> pointers(const failure& x) {
  auto out = std::vector<std::string>{};
  for (const auto& each : x.details)
    out.push_back(each.pointer);
  return out;
}

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("an inventory is read with all that a module may say") {
  auto x = sync_text{};
  x.modules = {module_text{"token", "8.x-1.13"}
                   .set("schema_version", "8101")
                   .set("package", "\"Tools\"")
                   .set("core_compatibility", R"(["^9","^10"])")
                   .set("dependencies", R"(["drupal:system"])")
                   .set("description", R"("Says \"hello\" in ünïcode")")
                   .set("project_link", "\"https://www.drupal.org/project/token\"")
                   .set("security_coverage", "false"),
               module_text{"views", "10.3.0"}.set("type", "\"core\"").set("status", "false").set("schema_version", "null")};
  const auto read = sound(x);
  REQUIRE(read.modules.size() == 2);
  const auto& token = read.modules[0];
  CHECK(token.machine_name == "token");
  CHECK(token.name == "The token");
  CHECK(token.version == "8.x-1.13");
  CHECK(token.enabled);
  CHECK(token.schema_version == 8101);
  CHECK(token.package == "Tools");
  CHECK(token.core_compatibility == std::vector<std::string_view>{"^9", "^10"});
  CHECK(token.dependencies == std::vector<std::string_view>{"drupal:system"});
  CHECK(token.description == "Says \"hello\" in ünïcode");
  CHECK_FALSE(token.security_coverage);
  CHECK(token.project() == "token");
  CHECK(read.modules[1].project() == "drupal");
  CHECK_FALSE(read.modules[1].enabled);
  CHECK_FALSE(read.modules[1].schema_version);
  CHECK(read.modules[1].security_coverage);
  CHECK(read.type == sync_type::full);
  CHECK(read.environment == "live");
  CHECK(read.site_info == R"({"name":"Forge","environment":"live"})");
  CHECK(read.last_cron == from_epoch_seconds(1700000000));
  CHECK(read.sync_time == parse_rfc3339("2024-05-01T10:00:00Z"));
  CHECK(read.drupal_version == "10.3.0");
}

TEST_CASE("a module's project is what its link ends in, when that is a project's page") {
  const auto project_of = [](const std::string& link) {
    auto x = sync_text{};
    x.modules = {module_text{"sub"}.set("project_link", '"' + link + '"')};
    return std::string{sound(x).modules[0].project()};
  };
  CHECK(project_of("https://www.drupal.org/project/admin_toolbar") == "admin_toolbar");
  CHECK(project_of("https://www.drupal.org/project/admin_toolbar/") == "admin_toolbar");
  CHECK(project_of("https://www.drupal.org/project/admin_toolbar?x=1#y") == "admin_toolbar");
  CHECK(project_of("https://www.drupal.org/project/") == "sub");
  CHECK(project_of("https://example.org/") == "sub");
}

TEST_CASE("every fault of a body is told with its pointer, not only the first") {
  auto x = sync_text{};
  x.set("sync_timestamp", "\"yesterday\"").set("drupal_version", "\"ten\"").set("php_version", "").set("site_info", "[]");
  x.set("sync_type", "\"some\"");
  x.modules = {module_text{"a"}.set("type", "\"theme\"").set("status", "1"),
               module_text{"b"}.set("version", "").set("name", "\"\""),
               module_text{std::string(256, 'c')}.set("name", "\"C\"").set("schema_version", "1.5").set("package", "7"),
               module_text{"d", std::string(51, '1')}.set("core_compatibility", R"(["^9",10])").set("dependencies", "{}"),
               module_text{"e"}.set("security_coverage", "\"yes\"").set("description", "3").set("project_link", "false")};
  const auto why = refused(x);
  CHECK(why.code == fault::invalid_fields);
  CHECK(pointers(why) == texts{"/site_info", "/modules/0/type", "/modules/0/status", "/modules/1/name", "/modules/1/version",
                               "/modules/2/machine_name", "/modules/2/schema_version", "/modules/2/package", "/modules/3/version",
                               "/modules/3/core_compatibility/1", "/modules/3/dependencies", "/modules/4/description",
                               "/modules/4/project_link", "/modules/4/security_coverage", "/sync_timestamp", "/drupal_version",
                               "/php_version", "/sync_type"});
  CHECK(why.message.find("18 faults") != std::string::npos);
}

TEST_CASE("names are measured in characters, and at their limits they pass") {
  auto x = sync_text{};
  auto wide = std::string{};
  for (auto i = 0; i < 255; ++i)
    wide += "ü";
  x.modules = {module_text{wide}.set("name", '"' + wide + '"').set("package", '"' + wide + '"'),
               module_text{"v", std::string(50, '1')}};
  CHECK(sound(x).modules.size() == 2);
  x.modules = {module_text{wide + "ü"}.set("name", "\"C\"")};
  CHECK(pointers(refused(x)) == texts{"/modules/0/machine_name"});
}

TEST_CASE("one to two thousand modules, and an array of objects") {
  auto x = sync_text{};
  CHECK(pointers(refused(x)) == texts{"/modules"});
  for (auto i = 0; i < 2000; ++i)
    x.modules.emplace_back("m" + std::to_string(i));
  CHECK(sound(x).modules.size() == 2000);
  x.modules.emplace_back("one_more");
  CHECK(pointers(refused(x)) == texts{"/modules"});
  CHECK(pointers(refused(sync_text{}.set("modules", "{}"))) == texts{"/modules"});
  CHECK(pointers(refused(sync_text{}.set("modules", "[7]"))) == texts{"/modules/0"});
}

TEST_CASE("a machine name that stands twice is a fault that names both places") {
  auto x = sync_text{};
  x.modules = {module_text{"token"}, module_text{"views"}, module_text{"token", "2.0.0"}};
  const auto why = refused(x);
  REQUIRE(pointers(why) == texts{"/modules/2/machine_name"});
  CHECK(why.details[0].message.find("/modules/0/machine_name") != std::string::npos);
}

TEST_CASE("a member that comes twice in a module is a fault") {
  auto x = sync_text{};
  x.set("modules", R"([{"machine_name":"a","name":"A","type":"core","version":"1","status":true,"status":false}])");
  CHECK(pointers(refused(x)) == texts{"/modules/0/status"});
}

TEST_CASE("a null version and a branch's name are unknown, with a warning, no version at all is a fault") {
  auto x = sync_text{};
  x.modules = {module_text{"a"}.set("version", "null"),
               module_text{"b", "dev-3286221-8.x-1.x-automated"},
               module_text{"c", "master"},
               module_text{"d", "VERSION"},
               module_text{"e", "3.x-dev"},
               module_text{"f", "2024/05/01"},
               module_text{"g", "feature/x"}};
  const auto read = sound(x);
  CHECK(read.modules[0].version.empty());
  CHECK(read.modules[1].version.empty());
  CHECK(read.modules[2].version.empty());
  CHECK(read.modules[3].version == "VERSION");
  CHECK(read.modules[4].version == "3.x-dev");
  CHECK(read.modules[5].version == "2024/05/01");
  CHECK(read.modules[6].version.empty());
  REQUIRE(read.warnings.size() == 4);
  CHECK(read.warnings[1].pointer == "/modules/1/version");
  CHECK(read.warnings[1].machine_name == "b");
  x.modules = {module_text{"a"}.set("version", "")};
  CHECK(pointers(refused(x)) == texts{"/modules/0/version"});
  x.modules = {module_text{"a", "1.0\\u00e9"}};
  CHECK(pointers(refused(x)) == texts{"/modules/0/version"});
}

TEST_CASE("Drupal's and PHP's own versions pass, and nothing else does") {
  const auto passes = [](const std::string& member, const std::string& version) {
    auto x = sync_text{}.set(member, '"' + version + '"');
    x.modules = {module_text{"a"}};
    return std::holds_alternative<inventory>(parse_inventory(x.text(), false));
  };
  for (const auto* good : {"10.3.0", "10.3.0-beta1", "11.0.0-rc1", "10.4.x-dev", "11.x-dev", "7.103", "8.9.20", "9.5.0-dev"})
    CHECK(passes("drupal_version", good));
  for (const auto* good : {"8.2.7", "8.3.0RC6", "8.1.2-1ubuntu2.14", "7.4.33-nmm7", "8.2.7+deb.sury.org", "5.6.40-0+deb8u12"})
    CHECK(passes("php_version", good));
  for (const auto* bad : {"", "10", "ten", "10.3.0 beta", "v10.3.0", "-1.0", ".1.2", "1..2"})
    CHECK_FALSE(passes("drupal_version", bad));
}

TEST_CASE("lenient: the sound modules are taken, and each bad one is named with its index and reason") {
  auto x = sync_text{};
  x.modules = {module_text{"good"}, module_text{"bad"}.set("type", "\"theme\"").set("status", "1"), module_text{"good"},
               module_text{"other"}};
  const auto read = sound(x, true);
  REQUIRE(read.modules.size() == 2);
  CHECK(read.modules[1].machine_name == "other");
  CHECK(read.modules[1].index == 3);
  REQUIRE(read.errors.size() == 3);
  CHECK(read.errors[0].index == 1);
  CHECK(read.errors[0].machine_name == "bad");
  CHECK(read.errors[0].pointer == "/modules/1/type");
  CHECK(read.errors[2].pointer == "/modules/2/machine_name");
  CHECK(read.left_out.size() == 2);
  CHECK_FALSE(read.left_out_nameless);
  x.modules[1].set("machine_name", "7");
  CHECK(sound(x, true).left_out_nameless);
}

TEST_CASE("lenient: faults beside the modules refuse the sync, and so do only bad modules") {
  auto x = sync_text{}.at("never");
  x.modules = {module_text{"good"}, module_text{"bad"}.set("type", "0")};
  CHECK(pointers(refused(x, true)) == texts{"/sync_timestamp"});
  x = sync_text{};
  x.modules = {module_text{"bad"}.set("type", "0")};
  CHECK(pointers(refused(x, true)) == texts{"/modules/0/type"});
}

TEST_CASE("a difference may carry no module, and says what it removes") {
  const auto read = sound(sync_text{}.set("base_hash", "\"abc\"").set("removed", R"(["old","older"])").set("modules", "[]"));
  CHECK(read.base_hash == "abc");
  CHECK(read.removed == std::vector<std::string_view>{"old", "older"});
  auto x = sync_text{}.set("removed", R"(["old"])");
  x.modules = {module_text{"a"}};
  CHECK(pointers(refused(x)) == texts{"/removed"});
}

TEST_CASE("digests move with all that is reported, and with nothing else") {
  auto base = sync_text{};
  base.modules = {module_text{"a"}.set("package", "\"P\"").set("dependencies", R"(["x"])")};
  const auto digest_of = [](const sync_text& x) { return sound(x).modules[0].digest; };
  const auto before = digest_of(base);
  CHECK(digest_of(sync_text{base}.at("2025-01-01T00:00:00Z")) == before);
  for (const auto& [member, json] : std::map<std::string, std::string>{{"name", "\"n\""},
                                                                       {"type", "\"custom\""},
                                                                       {"version", "\"2\""},
                                                                       {"status", "false"},
                                                                       {"schema_version", "0"},
                                                                       {"package", "\"Q\""},
                                                                       {"core_compatibility", R"(["x"])"},
                                                                       {"dependencies", R"(["x","y"])"},
                                                                       {"description", "\"\""},
                                                                       {"project_link", "\"l\""},
                                                                       {"security_coverage", "false"}}) {
    auto other = base;
    other.modules[0].set(member, json);
    INFO(member);
    CHECK(digest_of(other) != before);
  }
  CHECK(sound(base).site_digest ==
        sound(sync_text{base}.set("site_info", R"({"name":"Forge","environment":"live","last_cron":5})")).site_digest);
  CHECK(sound(base).site_digest != sound(sync_text{base}.set("php_version", "\"8.2.8\"")).site_digest);
}

TEST_CASE("bodies that are no JSON are told so with the place") {
  const auto code = [](std::string_view body) { return std::get<failure>(parse_inventory(body, false)).code; };
  for (const auto* bad : {"{", "[]", "{\"site_info\":{\"x\":\"\\u0000\"}}", "{\"a\":1,\"a\":2}"})
    CHECK(code(bad) == fault::invalid_fields);
}

TEST_CASE("the recorded inventories are sound, their unknown versions warnings") {
  const auto folder = shared_data() / "drupal/inventories";
  if (!std::filesystem::exists(folder)) {
    WARN("no recorded inventories beside the tree: not shown here");
    return;
  }
  auto count = 0;
  for (const auto& file : std::filesystem::directory_iterator{folder}) {
    simdjson::dom::parser parser;
    auto x = sync_text{};
    auto unknown = std::size_t{0};
    for (auto module : parser.load(file.path().string())["modules"]) {
      const auto version = simdjson::minify(module["version"].value());
      unknown += version == "null" || version.starts_with("\"dev-") ? 1 : 0;
      x.modules.push_back(module_text{std::string{std::string_view{module["machine_name"]}}}
                              .set("type", simdjson::minify(module["type"].value()))
                              .set("version", version)
                              .set("status", simdjson::minify(module["enabled"].value())));
    }
    INFO(file.path());
    const auto read = sound(x);
    CHECK(read.modules.size() == x.modules.size());
    CHECK(read.warnings.size() == unknown);
    ++count;
  }
  CHECK(count >= 3);
}

TEST_CASE("lenient: no module with a fault goes unnamed, however many faults another one has") {
  auto x = sync_text{};
  auto list = std::string{"["};
  for (auto i = 0; i < 400; ++i)
    list += i == 0 ? "1" : ",1";
  for (auto i = 0; i < 500; ++i)
    x.modules.push_back(module_text{"bad" + std::to_string(i)}.set("dependencies", list + "]"));
  x.modules.emplace_back("good");
  const auto read = sound(x, true);
  CHECK(read.errors.size() == 500 * faults_of_module_max);
  CHECK(read.errors.back().index == 499);
}
