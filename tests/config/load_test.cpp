#include "config/load.hpp"
#include "config/setting_table.hpp"
#include "tests/config/scratch_folder.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace ingot;

namespace {

loaded_config load(const std::string& toml, std::map<std::string, std::string> environment = {}) {
  scratch_folder folder;
  auto out = load_config({folder.write("ingot.toml", toml), std::move(environment)});
  return out;
}

/// `line:column key: message` of each problem, without the folder's name.
std::vector<std::string> problems(const loaded_config& x) {
  std::vector<std::string> out;
  for (const auto& p : x.problems)
    out.push_back((p.line > 0 ? std::to_string(p.line) + ":" + std::to_string(p.column) + " " : p.file + " ") + p.key + ": " +
                  p.message);
  return out;
}

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("without file and environment every setting has its default") {
  auto x = load("");
  CHECK(problems(x).empty());
  CHECK(x.values.server.port == 8787);
  CHECK(x.values.server.listen == "127.0.0.1");
  CHECK(x.values.data_dir == "./data");
  CHECK(x.values.github.empty());
  CHECK(x.origins.empty());
}

TEST_CASE("the file sets values of every type, with people's units") {
  auto x = load(R"(
data_dir = "/var/lib/ingot"
[server]
port = 80
body_bytes_max = "10MiB"
head_timeout_ms = "2s"
idle_timeout_ms = 1500
[retention]
deliveries_days = "90d"
[github]
generate_secret = true
[log]
format = "text"
)");
  CHECK(problems(x).empty());
  CHECK(x.values.data_dir == "/var/lib/ingot");
  CHECK(x.values.server.port == 80);
  CHECK(x.values.server.body_bytes_max == 10u * 1024 * 1024);
  CHECK(x.values.server.head_timeout == milliseconds{2000});
  CHECK(x.values.server.idle_timeout == milliseconds{1500});
  CHECK(x.values.retention.deliveries_days == 90);
  CHECK(x.values.generate_webhook_secret);
  CHECK(x.values.log.format == log_format::text);
  CHECK(x.origins.at("server.port").ends_with("ingot.toml:4"));
}

TEST_CASE("every mistake of a file is named with its line and column, not only the first") {
  auto x = load(R"(data_dri = "/tmp"
[server]
prot = 80
port = 70000
body_bytes_max = "lots"
listen = "everywhere"
io_threads = 1.5
[databse]
url = "postgresql://localhost/ingot"
[log]
level = "loud"
[github]
generate_secret = "yes"
endpoint = 5
[spool]
drain_items = 0
[actors]
completely_unheard_of = 1
)");
  CHECK(problems(x) == lines{"1:1 data_dri: there is no such setting; did you mean data_dir?",
                             "3:1 server.prot: there is no such setting; did you mean server.port?",
                             "4:8 server.port: must be 0 to 65535, not 70000",
                             "5:18 server.body_bytes_max: expected a size such as 26214400 or \"25MiB\", not \"lots\"",
                             "6:10 server.listen: must be an IPv4 or IPv6 address such as 127.0.0.1 or ::, not \"everywhere\"",
                             "7:14 server.io_threads: expected a whole number, not a number with a fraction",
                             "9:1 databse.url: there is no such setting; did you mean database.url?",
                             "11:9 log.level: must be one of trace, debug, info, warn, error, off, not \"loud\"",
                             "13:19 github.generate_secret: expected true or false without quotes",
                             "14:12 github.endpoint: expected [[github.endpoint]], with double brackets, once for each endpoint",
                             "16:15 spool.drain_items: must be 1 to 100000, not 0",
                             "18:1 actors.completely_unheard_of: there is no such setting (all: ingot check-config --explain)"});
}

TEST_CASE("a problem reads as file:line:column: key: what to do") {
  CHECK(to_string({"ingot.toml", 3, 8, "server.port", "must be 0 to 65535, not 70000"}) ==
        "ingot.toml:3:8: server.port: must be 0 to 65535, not 70000");
  CHECK(to_string({"environment", 0, 0, "PORT", "expected a whole number"}) == "environment: PORT: expected a whole number");
}

TEST_CASE("a file that is no TOML is one mistake with its place, and the environment still counts") {
  auto x = load("[server]\nport = = 1\n", {{"PORT", "9000"}});
  REQUIRE(x.problems.size() == 1);
  CHECK(x.problems[0].line == 2);
  CHECK(x.values.server.port == 9000);
}

TEST_CASE("a named file that is not there is a mistake") {
  auto x = load_config({"/nonexistent/ingot.toml", {}});
  REQUIRE(x.problems.size() == 1);
  CHECK(to_string(x.problems[0]) == "/nonexistent/ingot.toml: cannot be read: there is no such file");
}

TEST_CASE("the secret for a command is no misspelled setting") {
  CHECK(load_config({std::nullopt, {{"INGOT_NOTIFY_SECRET", "x"}}}).problems.empty());
  CHECK_FALSE(load_config({std::nullopt, {{"INGOT_NOTIFY_SECRETS", "x"}}}).problems.empty());
}

TEST_CASE("INGOT_CONFIG names the file, and the command line wins over it") {
  scratch_folder folder;
  auto named = folder.write("named.toml", "[server]\nport = 1\n").string();
  auto other = folder.write("other.toml", "[server]\nport = 2\n");
  CHECK(load_config({std::nullopt, {{"INGOT_CONFIG", named}}}).values.server.port == 1);
  CHECK(load_config({other, {{"INGOT_CONFIG", named}}}).values.server.port == 2);
}

TEST_CASE("the environment overrides the file, and its long names the short ones") {
  const std::string file = "[server]\nport = 1\nlisten = \"127.0.0.1\"\n";
  CHECK(load(file, {{"PORT", "2"}}).values.server.port == 2);
  CHECK(load(file, {{"PORT", "2"}, {"INGOT_SERVER_PORT", "3"}}).values.server.port == 3);
  CHECK(load(file, {{"INGOT_LISTEN", "::1"}}).values.server.listen == "::1");
  CHECK(load(file, {{"PORT", ""}}).values.server.port == 1);
  auto x = load(file, {{"INGOT_SERVER_BODY_BYTES_MAX", "1MiB"},
                       {"DATABASE_URL", "postgresql://localhost/x"},
                       {"INGOT_DATA_DIR", "/data"},
                       {"LOG_LEVEL", "debug"},
                       {"INGOT_ADMIN_TOKEN", "0123456789abcdef"},
                       {"INGOT_GITHUB_GENERATE_SECRET", "1"}});
  CHECK(problems(x).empty());
  CHECK(x.values.server.body_bytes_max == 1024u * 1024);
  CHECK(x.values.database.url == "postgresql://localhost/x");
  CHECK(x.values.data_dir == "/data");
  CHECK(x.values.log.level == "debug");
  CHECK(x.values.admin_token == "0123456789abcdef");
  CHECK(x.values.generate_webhook_secret);
  CHECK(x.origins.at("log.level") == "environment LOG_LEVEL");
  const auto pem = std::string{"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"};
  x = load("", {{"GITHUB_APP_PRIVATE_KEY", pem}});
  CHECK(problems(x).empty());
  CHECK(x.values.github_api.app_private_key == pem);
  CHECK(problems(load("", {{"GITHUB_TOKEN", pem}})).size() == 1);
}

TEST_CASE("every setting can be set by its environment name") {
  for (const auto& x : all_settings()) {
    // The default in the form that the table prints is a value that every setting takes, but for these which have none.
    if (x.secret)
      continue;
    auto text = toml_value(x, settings{});
    if (text.starts_with('"'))
      text = text.substr(1, text.size() - 2);
    if (text.empty())
      continue;
    INFO(x.key << " = " << text);
    auto loaded = load_config({std::nullopt, {{environment_name(x.key), text}}});
    CHECK(problems(loaded).empty());
    CHECK(loaded.origins.count(std::string{x.key}) == 1);
    CHECK(toml_value(x, loaded.values) == toml_value(x, settings{}));
  }
}

TEST_CASE("mistakes in the environment are named, misspelled names too") {
  auto x = load("", {{"PORT", "http"},
                     {"INGOT_SERVER_BODY_BYTE_MAX", "1"},
                     {"INGOT_LISTN", "::1"},
                     {"INGOT_FAILPOINT", "before_commit:1"},
                     {"INGOT_SHARED", "/x"},
                     {"LOG_LEVEL", "INFO!"}});
  CHECK(problems(x) ==
        lines{"environment PORT: expected a whole number, not \"http\"",
              "environment LOG_LEVEL: must be one of trace, debug, info, warn, error, off, not \"INFO!\"",
              "environment INGOT_LISTN: there is no such setting; did you mean INGOT_LISTEN?",
              "environment INGOT_SERVER_BODY_BYTE_MAX: there is no such setting; did you mean INGOT_SERVER_BODY_BYTES_MAX?"});
}

TEST_CASE("several GitHub endpoints have secrets of their own, and the environment makes or overrides `default`") {
  const std::string file = R"(
[[github.endpoint]]
name = "org"
secret = "org-secret"
[[github.endpoint]]
name = "default"
secret = "of the file"
secret_previous = "older"
)";
  auto x = load(file);
  CHECK(problems(x).empty());
  REQUIRE(x.values.github.size() == 2);
  CHECK(x.values.github[0].name == "org");
  CHECK(x.values.github[1].secret_previous == "older");

  auto overridden = load(file, {{"GITHUB_WEBHOOK_SECRET", "of the environment"}});
  REQUIRE(overridden.values.github.size() == 2);
  CHECK(overridden.values.github[1].secret == "of the environment");
  CHECK(overridden.values.github[1].secret_previous == "older");

  auto made = load("", {{"GITHUB_WEBHOOK_SECRET", "now"}, {"GITHUB_WEBHOOK_SECRET_PREVIOUS", "before"}});
  REQUIRE(made.values.github.size() == 1);
  CHECK(made.values.github[0].name == "default");
  CHECK(made.values.github[0].secret == "now");
  CHECK(made.values.github[0].secret_previous == "before");
}

TEST_CASE("mistakes in endpoints are named: missing, empty, unknown, twice") {
  auto x = load(R"([[github.endpoint]]
name = "a"
[[github.endpoint]]
name = "b"
secret = ""
[[github.endpoint]]
name = "c"
secret = "x"
secrets_previous = "y"
[[github.endpoint]]
name = "c"
secret = "z"
)");
  auto found = problems(x);
  REQUIRE(found.size() == 4);
  CHECK(found[0] == "1:1 github.endpoint.secret: is missing");
  CHECK(found[1] == "5:10 github.endpoint.secret: expected a text in quotes that is not empty");
  CHECK(found[2] ==
        "9:1 github.endpoint.secrets_previous: there is no such setting; did you mean github.endpoint.secret_previous?");
  CHECK(found[3] == "10:1 github.endpoint.name: there is an endpoint `c` already; names must differ");
}

TEST_CASE("settings that contradict each other are mistakes") {
  CHECK(problems(load("[server]\ntls_certificate = \"a.pem\"\n")).at(0) ==
        "2:1 server.tls_certificate: server.tls_certificate and server.tls_private_key go together: give both or none");
  CHECK(load("[server]\nbytes_in_flight_max = \"1MiB\"\n").problems.at(0).key == "server.bytes_in_flight_max");
  CHECK(load("", {{"GITHUB_WEBHOOK_SECRET_PREVIOUS", "x"}}).problems.at(0).key == "github.secret_previous");
}

TEST_CASE("a prefix of an S3 store that would lead elsewhere, or be signed wrongly, is a mistake") {
  const auto load_prefix = [](const std::string& x) { return load("[blobs]\ns3_prefix = \"" + x + "\"\n"); };
  for (const auto* prefix : {"../other/", "a/../b", "./", "a/./b/", "c+"})
    CHECK(problems(load_prefix(prefix)) ==
          std::vector<std::string>{"2:1 blobs.s3_prefix: expected no \"+\" and no segment \".\" or \"..\""});
  for (const auto* prefix : {"", "a.b/..c/", "...", "..", "/"})
    CHECK(problems(load_prefix(prefix)).empty());
}

TEST_CASE("law 9: no message of the configuration repeats a secret") {
  const std::string file = R"(
[database]
url = "not a url but pa55word"
[admin]
token = "sh0rt"
[github]
secret = ["arr4y-secret"]
secret_previous = 5
[[github.endpoints]]
secret = "m1splaced"
)";
  auto x = load(file, {{"DATABASE_URL", "also no url pa55word"}, {"INGOT_ADMIN_TOKEN", "sh0rt"}});
  CHECK(x.problems.size() >= 6);
  for (const auto& p : x.problems) {
    INFO(to_string(p));
    for (const auto* secret : {"pa55word", "sh0rt", "arr4y", "m1splaced"})
      CHECK(to_string(p).find(secret) == std::string::npos);
  }
  auto unquoted = load("[github]\nsecret = unqu0ted-secret\n");
  REQUIRE(unquoted.problems.size() == 1);
  CHECK(to_string(unquoted.problems[0]).find("unqu0ted") == std::string::npos);
}

TEST_CASE("a variable that names a setting without its section is a mistake, and tools' own are none") {
  const auto x = load_config({std::nullopt, {{"INGOT_PORT", "8879"}, {"INGOT_KEEP", "1"}, {"INGOT_JOBS", "2"}}});
  REQUIRE(x.problems.size() == 1);
  CHECK(to_string(x.problems[0]).find("INGOT_PORT") != std::string::npos);
  CHECK(to_string(x.problems[0]).find("did you mean INGOT_SERVER_PORT?") != std::string::npos);
}
