#include "commands/doctor.hpp"
#include "commands/process_bounds.hpp"
#include "commands/serve.hpp"
#include "config/secrets.hpp"
#include "storage/cluster.hpp"
#include "storage/server_facts.hpp"
#include "tests/config/scratch_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/local_http_server.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

using namespace ingot;
using namespace ingot::commands;

namespace {

finding of_check(const findings& all, const std::string& name) {
  auto at = std::find_if(all.begin(), all.end(), [&](const auto& x) { return x.check == name; });
  return at == all.end() ? finding{"no finding " + name, verdict::fail, "", ""} : *at;
}

/// `key.pem` and a certificate `cert.pem` of its own that ends at `end`.
void write_certificate(const std::filesystem::path& folder, timestamp end) {
  auto* key = ::EVP_EC_gen("P-256");
  auto* certificate = ::X509_new();
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(end.time_since_epoch()).count();
  ::ASN1_TIME_set(::X509_getm_notBefore(certificate), static_cast<time_t>(seconds - 86'400 * 365));
  ::ASN1_TIME_set(::X509_getm_notAfter(certificate), static_cast<time_t>(seconds));
  ::X509_set_pubkey(certificate, key);
  ::X509_sign(certificate, key, ::EVP_sha256());
  auto* file = std::fopen((folder / "key.pem").c_str(), "w");
  ::PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  file = std::fopen((folder / "cert.pem").c_str(), "w");
  ::PEM_write_X509(file, certificate);
  std::fclose(file);
  ::X509_free(certificate);
  ::EVP_PKEY_free(key);
}

} // namespace

TEST_CASE("the doctor sees secret files that others can read") {
  scratch_folder folder;
  settings of;
  of.data_dir = folder.path();
  ::chmod(folder.write("admin.token", "token\n").c_str(), 0644);
  ::chmod(folder.write("webhook.secret", "secret\n").c_str(), 0600);
  auto all = examine_machine(of);
  CHECK(of_check(all, "file admin.token").is == verdict::fail);
  CHECK(of_check(all, "file admin.token").advice.starts_with("chmod 600"));
  CHECK(of_check(all, "file webhook.secret").is == verdict::ok);
  CHECK(of_check(all, "data folder").is == verdict::ok);
}

TEST_CASE("the doctor sees a data folder that is none") {
  scratch_folder folder;
  settings of;
  of.data_dir = folder.write("file", "");
  CHECK(of_check(examine_machine(of), "data folder").is == verdict::fail);
  of.data_dir = folder.path() / "later";
  CHECK(of_check(examine_machine(of), "data folder").is == verdict::ok);
}

TEST_CASE("the doctor sees that the open file limit does not carry the connections") {
  settings of;
  of.server.connections_max = 1'000'000'000;
  auto x = of_check(examine_machine(of), "open files");
  CHECK((x.is == verdict::warn || x.found == "no limit"));
}

TEST_CASE("the doctor looks at the open file limit of the node that runs, else of its shell") {
  scratch_folder folder;
  settings of;
  of.data_dir = folder.path();
  CHECK(of_check(examine_machine(of), "open files").found.find("of this shell") != std::string::npos);
  int told[2];
  REQUIRE(::pipe(told) == 0);
  const auto node = ::fork();
  if (node == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto few = rlimit{77, 99};
    ::setrlimit(RLIMIT_NOFILE, &few);
    const storage::data_lock lock{of.data_dir};
    if (::write(told[1], "!", 1) == 1)
      ::pause();
    ::_exit(1);
  }
  ::close(told[1]);
  char ready = 0;
  CHECK(::read(told[0], &ready, 1) == 1);
  const auto x = of_check(examine_machine(of), "open files");
  ::kill(node, SIGKILL);
  ::waitpid(node, nullptr, 0);
  ::close(told[0]);
  CHECK(x.found.starts_with("77 of the node (process " + std::to_string(node) + ")"));
  CHECK(x.is == verdict::warn);
  CHECK(x.advice.starts_with("raise the hard limit"));
}

TEST_CASE("limits of a process are read as the kernel writes them") {
  scratch_folder folder;
  CHECK_FALSE(open_file_limits_of(folder.path()));
  folder.write("limits", "Limit                     Soft Limit           Hard Limit           Units     \n"
                         "Max cpu time              unlimited            unlimited            seconds   \n"
                         "Max open files            1024                 524288               files     \n");
  CHECK(open_file_limits_of(folder.path())->soft == 1024);
  CHECK(open_file_limits_of(folder.path())->hard == 524'288);
  folder.write("limits", "Max open files            unlimited            unlimited            files     \n");
  CHECK(open_file_limits_of(folder.path())->soft == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("the memory that a control group may take is the least on its way up") {
  scratch_folder folder;
  const auto proc = folder.path() / "proc", hierarchy = folder.path() / "cgroup";
  const auto bounds = [&](const std::string& group, const std::string& bytes) {
    std::filesystem::create_directories(hierarchy / group);
    std::ofstream{hierarchy / group / "memory.max"} << bytes << '\n';
  };
  std::filesystem::create_directories(proc);
  CHECK_FALSE(cgroup_memory_bytes_max(proc, hierarchy));
  std::ofstream{proc / "cgroup"} << "4:memory:/old\n0::/system.slice/ingot.service\n";
  CHECK_FALSE(cgroup_memory_bytes_max(proc, hierarchy));
  bounds("system.slice/ingot.service", "max");
  CHECK_FALSE(cgroup_memory_bytes_max(proc, hierarchy));
  bounds("system.slice", "1073741824");
  CHECK(cgroup_memory_bytes_max(proc, hierarchy) == 1'073'741'824);
  bounds("system.slice/ingot.service", "536870912");
  CHECK(cgroup_memory_bytes_max(proc, hierarchy) == 536'870'912);
  std::ofstream{proc / "cgroup"} << "0::/\n"; // as a container sees itself
  CHECK_FALSE(cgroup_memory_bytes_max(proc, hierarchy));
  bounds("", "268435456");
  CHECK(cgroup_memory_bytes_max(proc, hierarchy) == 268'435'456);
}

TEST_CASE("the doctor tells a free port, a node, and something else on the port") {
  scratch_folder folder;
  settings of;
  of.data_dir = folder.path();
  {
    local_http_server node{200, "{}"};
    of.server.port = node.port();
    CHECK(of_check(examine_node(of), "node").found.find("is held by another node") != std::string::npos);
    CHECK(of_check(examine_node(of), "node").is == verdict::fail);
    const auto lock = storage::data_lock{of.data_dir};
    CHECK(of_check(examine_node(of), "node").found.find("running on 127.0.0.1") == 0);
    CHECK(of_check(examine_node(of), "node").is == verdict::ok);
  }
  CHECK(of_check(examine_node(of), "node").found.find("not running") == 0);
  {
    const auto lock = storage::data_lock{of.data_dir}; // a node with another PORT
    const auto x = of_check(examine_node(of), "node");
    CHECK(x.is == verdict::warn);
    CHECK(x.found.starts_with("process " + std::to_string(::getpid()) + " has the data folder"));
  }
  local_http_server other{404, "no"};
  of.server.port = other.port();
  CHECK(of_check(examine_node(of), "node").is == verdict::fail);
}

TEST_CASE("the doctor names every mistake of the configuration") {
  auto x = examine_configuration(load_config({std::nullopt, {{"PORT", "http"}, {"LOG_LEVEL", "loud"}}}));
  CHECK(std::count_if(x.begin(), x.end(), [](const auto& f) { return f.check == "configuration" && f.is == verdict::fail; }) ==
        2);
}

TEST_CASE("law 9: the doctor shows no secret") {
  scratch_folder folder;
  folder.write("admin.token", "kept-token-0123456789\n");
  auto config = load_config({std::nullopt,
                             {{"INGOT_DATA_DIR", folder.path().string()},
                              {"GITHUB_WEBHOOK_SECRET", "hook-secret"},
                              {"PORT", "1"},
                              {"DATABASE_URL", "postgresql://user:pa55word@127.0.0.1:1/none"}}});
  for (bool json : {false, true}) {
    std::ostringstream out;
    auto code = doctor(config, {}, [] { return timestamp{}; }, {out, out, json, false});
    INFO(out.str());
    CHECK(code == failed); // the database cannot be reached
    for (const auto* secret : {"kept-token", "hook-secret", "pa55word"})
      CHECK(out.str().find(secret) == std::string::npos);
  }
}

TEST_CASE("a certificate that is missing is named with what to do") {
  settings of;
  of.server.tls_certificate = "/nonexistent.pem";
  of.server.tls_private_key = "/nonexistent.key";
  auto x = of_check(examine_tls(of, timestamp{}), "TLS");
  CHECK(x.is == verdict::fail);
  CHECK(x.found.find("/nonexistent.pem") != std::string::npos);
}

TEST_CASE("the doctor tells a good certificate, one that ends soon, one that has ended, and a key of another") {
  scratch_folder folder;
  auto now = *parse_rfc3339("2024-05-01T00:00:00Z");
  settings of;
  of.server.tls_certificate = (folder.path() / "cert.pem").string();
  of.server.tls_private_key = (folder.path() / "key.pem").string();
  auto judged = [&](int days) {
    write_certificate(folder.path(), now + std::chrono::hours{24 * days + 1});
    return of_check(examine_tls(of, now), "TLS");
  };
  CHECK(judged(90).is == verdict::ok);
  CHECK(judged(90).found == "the certificate ends in 90 days");
  CHECK(judged(3).is == verdict::warn);
  CHECK(judged(-2).is == verdict::fail);
  CHECK(judged(-2).found == "the certificate has ended");
  judged(90);
  scratch_folder other;
  write_certificate(other.path(), now + std::chrono::hours{2400});
  of.server.tls_private_key = (other.path() / "key.pem").string();
  CHECK(of_check(examine_tls(of, now), "TLS").found.find("cannot be used") != std::string::npos);
}

TEST_CASE("one failed check makes the doctor fail, warnings do not") {
  std::ostringstream out;
  terminal to{out, out, false, false};
  CHECK(report({{"a", verdict::ok, "", ""}, {"b", verdict::warn, "", ""}}, to) == done);
  CHECK(report({{"a", verdict::ok, "", ""}, {"b", verdict::fail, "broken", "mend it"}}, to) == failed);
  CHECK(out.str().find("→ mend it") != std::string::npos);
}

TEST_CASE("the welcome shows generated secrets once on a terminal, and a line that works from anywhere") {
  scratch_folder folder;
  auto loaded = load_config({std::nullopt, {{"PORT", "9000"}, {"INGOT_DATA_DIR", folder.path().string()}}});
  auto of = loaded.values;
  of.generate_webhook_secret = true;
  auto first = ensure_secrets(of, folder.path());
  auto text = welcome(of, loaded, first, "build/release/ingot", 9000, true);
  CHECK(text.find("http://127.0.0.1:9000/webhook") != std::string::npos);
  CHECK(text.find(of.github.at(0).secret) != std::string::npos);
  CHECK(text.find(of.admin_token) != std::string::npos);
  CHECK(text.find("INGOT_DATA_DIR=" + folder.path().string() + " PORT=9000 build/release/ingot send --example") !=
        std::string::npos);
  const auto into_a_journal = welcome(of, loaded, first, "build/release/ingot", 9000, false);
  CHECK(into_a_journal.find(of.github.at(0).secret) == std::string::npos);
  CHECK(into_a_journal.find(of.admin_token) == std::string::npos);
  for (const auto* file : {"webhook.secret", "admin.token"})
    CHECK(into_a_journal.find("made just now, kept in " + (folder.path() / file).string()) != std::string::npos);
  auto again = ensure_secrets(of, folder.path());
  auto later = welcome(of, loaded, again, "build/release/ingot", 9000, true);
  CHECK(later.find(of.github.at(0).secret) == std::string::npos);
  CHECK(later.find(of.admin_token) == std::string::npos);
  CHECK(later.find("webhook secret   kept in " + (folder.path() / "webhook.secret").string()) != std::string::npos);
  CHECK(later.find("admin token      kept in " + (folder.path() / "admin.token").string()) != std::string::npos);
}

TEST_CASE("law 9: psql gets the password through the environment, not on its command line") {
  using pairs = std::vector<std::pair<std::string, std::string>>;
  auto x = storage::libpq_environment("postgresql://user:pa%40ss@db:5433/name?sslmode=require");
  std::sort(x.begin(), x.end());
  CHECK(x == pairs{{"PGDATABASE", "name"},
                   {"PGHOST", "db"},
                   {"PGPASSWORD", "pa@ss"},
                   {"PGPORT", "5433"},
                   {"PGSSLMODE", "require"},
                   {"PGUSER", "user"}});
  try {
    storage::libpq_environment("no address pa55word");
    FAIL("no error");
  } catch (const std::invalid_argument& e) {
    CHECK(std::string{e.what()}.find("pa55word") == std::string::npos);
  }
}

TEST_CASE("the doctor does not judge settings that could not be read") {
  const auto config = load_config({std::nullopt, {{"PORT", "http"}, {"DATABASE_URL", "nonsense"}}});
  std::ostringstream out, err;
  CHECK(doctor(config, {}, [] { return timestamp{}; }, {out, err}) == failed);
  CHECK(out.str().find("not looked at") != std::string::npos);
  CHECK(out.str().find("data folder") == std::string::npos);
}
