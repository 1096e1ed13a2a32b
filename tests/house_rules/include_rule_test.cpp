#include "tests/house_rules/source_tree.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <filesystem>

using house_rules::include;
using house_rules::source;

namespace {

/// The table of docs/architecture.md ("may include") as data. The first room whose prefix begins a file's path counts.
struct room {
  std::string prefix;                 ///< of the file
  std::vector<std::string> project;   ///< prefixes of project headers that it may include
  std::vector<std::string> libraries; ///< prefixes of library headers, beyond the language's and the system's own
};

const std::vector<std::string> everything{""};

const std::vector<room>& rooms() {
  static const std::vector<room> table{
      {"model/ip_address", {"model/"}, {"arpa/inet.h"}}, // inet_pton: a parser
      {"model/signature", {"model/"}, {"openssl/"}},
      {"model/password", {"model/"}, {"argon2.h"}},
      {"model/sha256", {"model/"}, {"openssl/"}},
      {"model/sealing", {"model/"}, {"openssl/"}},
      {"model/contents/object_id", {"model/"}, {"openssl/"}},
      {"model/drupal/release_history", {"model/"}, {"pugixml.hpp"}},
      {"model/nightly/cron", {"model/"}, {"date/tz.h"}}, // time zones
      {"model/mcp/readme", {"model/"}, {"cmark-gfm"}},
      {"model/mcp/markdown_tree", {"model/"}, {"cmark-gfm"}},
      {"model/mcp/", {"model/"}, {"simdjson.h", "re2/"}},
      {"model/", {"model/"}, {"simdjson.h", "zlib.h", "zstd.h"}},
      {"config/", {"model/", "config/"}, {"toml++/", "openssl/rand.h"}},
      {"telemetry/", {"model/", "config/", "telemetry/"}, {"spdlog/", "prometheus/"}},
      {"storage/sqlite", {"model/", "config/", "telemetry/", "storage/"}, {"sqlite3.h"}},
      {"storage/spool", {"model/", "config/", "telemetry/", "storage/"}, {"sqlite3.h"}},
      {"storage/blob_", {"model/", "config/", "telemetry/", "storage/"}, {}},
      {"storage/", {"model/", "config/", "telemetry/", "storage/"}, {"pqxx/", "libpq-fe.h"}},
      {"net/client/", {"model/", "config/", "net/client/"}, {"curl/"}},
      {"net/github/",
       {"model/", "config/", "telemetry/", "net/client/address.hpp", "net/github/"},
       {"boost/", "openssl/", "zlib.h", "jwt.h", "archive.h", "archive_entry.h"}},
      {"net/git/", {"model/", "config/", "telemetry/", "net/client/address.hpp", "net/git/"}, {"git2.h", "git2/", "curl/"}},
      {"net/smtp/", {"model/", "config/", "net/smtp/"}, {"curl/"}},
      {"net/s3/", {"model/", "config/", "telemetry/", "net/s3/"}, {"curl/", "pugixml.hpp"}},
      {"net/http/", {"model/", "config/", "telemetry/", "net/http/"}, {"boost/", "openssl/"}},
      // What routes name of storage/ runs on a READER.
      // protocol.hpp says which messages there are, context.hpp the handles to send them to: two halves of one map.
      {"net/bridge",
       {"model/", "config/", "telemetry/", "net/http/", "net/bridge.hpp", "actors/protocol.hpp", "actors/context.hpp"},
       {"boost/", "caf/"}},
      {"net/routes/",
       {"model/",
        "config/",
        "telemetry/",
        "net/http/",
        "net/routes/",
        "net/bridge.hpp",
        "actors/protocol.hpp",
        "actors/context.hpp",
        "actors/sync_log.hpp",
        "storage/audit_queries.hpp",
        "storage/submissions.hpp",
        "storage/submission_approval.hpp",
        "storage/submission_mails.hpp",
        "storage/deliveries.hpp",
        "storage/job_queries.hpp",
        "storage/sites.hpp",
        "storage/site_modules.hpp",
        "storage/syncs.hpp",
        "storage/site_state.hpp",
        "storage/refused_change.hpp",
        "storage/user_keys.hpp",
        "storage/audit_log.hpp",
        "storage/delivery_queries.hpp",
        "storage/reviewers.hpp",
        "storage/console_sessions.hpp",
        "storage/provider_repositories.hpp",
        "storage/delivery_receipt.hpp",
        "storage/credentials.hpp",
        "storage/install_states.hpp",
        "storage/crawl_sources.hpp",
        "storage/search_queries.hpp",
        "storage/nightly_runs.hpp",
        "storage/rollup_runs.hpp",
        "storage/rate_budgets.hpp",
        "storage/content_queries.hpp",
        "storage/content_feed.hpp",
        "storage/manifest_checks.hpp",
        "storage/mcp_servers.hpp",
        "storage/mcp_server_queries.hpp"},
       {}},
      {"actors/",
       {"model/", "config/", "telemetry/", "storage/", "net/client/", "net/github/", "net/git/", "net/s3/", "net/smtp/",
        "actors/"},
       {"caf/"}},
      {"commands/",
       {"model/", "config/", "telemetry/", "storage/", "net/", "actors/", "commands/"},
       {"CLI/", "openssl/", "caf/", "boost/", "simdjson.h"}},
      {"main.cpp", {"model/", "config/", "telemetry/", "storage/", "net/", "actors/", "commands/"}, everything},
      {"tests/", everything, everything},
      {"bench/", everything, everything},
  };
  return table;
}

bool begins_with_one_of(const std::string& text, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& x) { return text.starts_with(x); });
}

/// <vector>, <unistd.h>, <sys/socket.h>: the language and the system. model/ takes only the language's.
bool is_of_the_language(const std::string& header) {
  return header.find_first_of("./") == std::string::npos;
}

bool is_of_the_system(const std::string& header) {
  static const std::vector<std::string> folders{"sys/", "netinet/", "arpa/", "linux/"};
  static const std::vector<std::string> libraries{"simdjson.h", "zstd.h", "zlib.h", "sqlite3.h", "libpq-fe.h"};
  bool plain = header.ends_with(".h") && header.find('/') == std::string::npos;
  return begins_with_one_of(header, folders) ||
         (plain && std::find(libraries.begin(), libraries.end(), header) == libraries.end());
}

/// What is wrong with this include line; empty if nothing.
std::string judge(const std::string& path, const include& x) {
  auto found = std::find_if(rooms().begin(), rooms().end(), [&](const room& r) { return path.starts_with(r.prefix); });
  if (found == rooms().end())
    return "this folder is not in the table of tests/house_rules/include_rule_test.cpp and docs/architecture.md";
  if (x.quoted) {
    bool own_private_room = path.starts_with("tests/") || path.starts_with("bench/");
    if ((x.target.starts_with("tests/") || x.target.starts_with("bench/")) && !own_private_room)
      return "nobody includes tests or bench";
    return begins_with_one_of(x.target, found->project) ? "" : found->prefix + " may not include " + x.target;
  }
  if (is_of_the_language(x.target) || begins_with_one_of(x.target, found->libraries))
    return "";
  if (is_of_the_system(x.target) && !path.starts_with("model/"))
    return "";
  return found->prefix + " may not include <" + x.target + ">";
}

} // namespace

TEST_CASE("the include rule: every folder includes only what the architecture allows it") {
  std::size_t judged = 0;
  for (const auto& file : house_rules::read_tree()) {
    if (!house_rules::is_cpp(file))
      continue;
    for (const auto& line : house_rules::includes_of(file)) {
      ++judged;
      auto wrong = judge(file.path, line);
      INFO(file.path << ":" << line.line << ": " << wrong);
      CHECK(wrong.empty());
    }
  }
  CHECK(judged > 100);
}

TEST_CASE("the include rule: includes are written from the repository's root") {
  for (const auto& file : house_rules::read_tree()) {
    if (!house_rules::is_cpp(file))
      continue;
    for (const auto& line : house_rules::includes_of(file)) {
      INFO(file.path << ":" << line.line << ": " << line.target);
      bool generated = line.target.starts_with("storage/migrations/");
      CHECK((!line.quoted || generated || std::filesystem::exists(std::filesystem::path{INGOT_SOURCE_DIR} / line.target)));
    }
  }
}

TEST_CASE("the include rule sees a break of it") {
  CHECK(judge("model/github/decide.cpp", {1, false, "caf/all.hpp"}) != "");
  CHECK(judge("model/github/decide.cpp", {1, false, "unistd.h"}) != "");
  CHECK(judge("model/github/decide.cpp", {1, true, "storage/spool.hpp"}) != "");
  CHECK(judge("model/github/decide.cpp", {1, false, "vector"}) == "");
  CHECK(judge("model/compression.cpp", {1, false, "openssl/evp.h"}) != "");
  CHECK(judge("storage/connection.cpp", {1, false, "sqlite3.h"}) != "");
  CHECK(judge("storage/sqlite.cpp", {1, false, "sqlite3.h"}) == "");
  CHECK(judge("net/http/server.cpp", {1, false, "caf/all.hpp"}) != "");
  CHECK(judge("net/http/server.cpp", {1, true, "storage/connection.hpp"}) != "");
  CHECK(judge("net/routes/github.cpp", {1, true, "actors/writer.hpp"}) != "");
  CHECK(judge("net/routes/github.cpp", {1, true, "actors/protocol.hpp"}) == "");
  CHECK(judge("actors/writer.cpp", {1, false, "boost/asio.hpp"}) != "");
  CHECK(judge("actors/writer.cpp", {1, false, "pqxx/pqxx"}) != "");
  CHECK(judge("actors/notifier.cpp", {1, false, "curl/curl.h"}) != "");
  CHECK(judge("actors/notifier.cpp", {1, true, "net/client/client.hpp"}) == "");
  CHECK(judge("main.cpp", {1, true, "tests/support/node.hpp"}) != "");
  CHECK(judge("somewhere/new.cpp", {1, false, "vector"}) != "");
  CHECK(house_rules::includes_of({"x.cpp", "int a;\n#  include <caf/all.hpp>\n#include \"model/time.hpp\"\n"}).size() == 2);
}
