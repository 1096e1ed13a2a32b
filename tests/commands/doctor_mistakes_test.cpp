// The mistakes that docs/operating.md lists ("What the doctor finds"): each is made here, and named by the doctor.
#include "commands/doctor.hpp"

#include "config/secrets.hpp"
#include "storage/cluster.hpp"
#include "storage/cluster_layout.hpp"
#include "storage/server_facts.hpp"
#include "storage/spool.hpp"
#include "tests/config/scratch_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/local_http_server.hpp"
#include "tests/support/postgres.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

using namespace ingot;
using namespace ingot::commands;

namespace {

const auto noon = *parse_rfc3339("2024-05-01T12:00:00Z");

timestamp clock_now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// The worst finding of that check; one of verdict ok that says so when there is none.
finding of_check(const findings& all, const std::string& name) {
  auto out = finding{name, verdict::ok, "no such finding", ""};
  for (const auto& x : all)
    if (x.check == name && (out.found == "no such finding" || x.is > out.is))
      out = x;
  return out;
}

/// Is it named, with words that tell it, and with what to do?
void check_named(const finding& x, verdict how_bad, const std::string& words) {
  INFO(x.check << ": " << x.found << " → " << x.advice);
  CHECK(x.is == how_bad);
  CHECK(x.found.find(words) != std::string::npos);
  CHECK_FALSE(x.advice.empty());
}

loaded_config loaded(std::map<std::string, std::string> environment) {
  return load_config({std::nullopt, std::move(environment)});
}

/// A private key of that kind as PEM.
std::string private_key_pem(bool rsa) {
  auto* key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
  auto* memory = ::BIO_new(::BIO_s_mem());
  ::PEM_write_bio_PrivateKey(memory, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(memory, &text);
  auto out = std::string{text, static_cast<std::size_t>(size)};
  ::BIO_free(memory);
  ::EVP_PKEY_free(key);
  return out;
}

/// Settings whose database is the test's.
settings settings_of(const testing::database& db) {
  settings out;
  out.database = db.settings();
  out.data_dir = "/nonexistent";
  return out;
}

} // namespace

TEST_CASE("mistake: the configuration has an unknown INGOT_ variable") {
  const auto x = of_check(examine_configuration(loaded({{"INGOT_SERVER_PROT", "1"}})), "configuration");
  check_named(x, verdict::fail, "INGOT_SERVER_PROT");
  CHECK(x.found.find("INGOT_SERVER_PORT") != std::string::npos); // what was meant
}

TEST_CASE("mistake: no webhook secret, a short one, one out of an example, one of a single character") {
  scratch_folder folder;
  const auto judged = [&](const std::string& secret) {
    return of_check(examine_secrets(loaded({{"INGOT_DATA_DIR", folder.path().string()}, {"GITHUB_WEBHOOK_SECRET", secret}})),
                    "webhook secret");
  };
  check_named(judged(""), verdict::warn, "503");
  check_named(judged("short"), verdict::warn, "shorter than 16 bytes");
  check_named(judged("changeme-changeme-changeme"), verdict::warn, "examples");
  check_named(judged("aaaaaaaaaaaaaaaaaaaaaaaa"), verdict::warn, "few different characters");
  CHECK(judged("9b1f0c6ad8e2437755aa01ff9e3c6d21").is == verdict::ok);
}

TEST_CASE("mistake: one secret for several purposes") {
  scratch_folder folder;
  auto environment = std::map<std::string, std::string>{{"INGOT_DATA_DIR", folder.path().string()},
                                                        {"GITHUB_WEBHOOK_SECRET", "9b1f0c6ad8e2437755aa01ff9e3c6d21"},
                                                        {"INGOT_ADMIN_TOKEN", "9b1f0c6ad8e2437755aa01ff9e3c6d21"}};
  const auto x = of_check(examine_secrets(loaded(environment)), "secrets differ");
  check_named(x, verdict::warn, "admin.token, github.default");
  CHECK(x.found.find("9b1f") == std::string::npos); // law 9
  environment["INGOT_ADMIN_TOKEN"] = "another-long-token-2b7e41";
  CHECK(of_check(examine_secrets(loaded(environment)), "secrets differ").is == verdict::ok);
}

TEST_CASE("mistake: everybody may read a settings file that holds secrets") {
  scratch_folder folder;
  const auto file = folder.write("ingot.toml", "[github]\nsecret = \"9b1f0c6ad8e2437755aa01ff9e3c6d21\"\n");
  ::chmod(file.c_str(), 0644);
  const auto judged = [&] {
    return of_check(examine_secrets(load_config({file, {{"INGOT_DATA_DIR", folder.path().string()}}})), "settings file");
  };
  check_named(judged(), verdict::fail, "github.secret");
  ::chmod(file.c_str(), 0640);
  CHECK(judged().is == verdict::ok);
}

TEST_CASE("mistake: others may read the files of secrets") {
  scratch_folder folder;
  settings of;
  of.data_dir = folder.path();
  ::chmod(folder.write("master.key.previous", "key\n").c_str(), 0640);
  check_named(of_check(examine_machine(of), "file master.key.previous"), verdict::fail, "others may read");
}

TEST_CASE("mistake: a command was run as root, and its files are root's") {
  if (::geteuid() != 0) {
    WARN("skipped: only root gives files to others");
    return;
  }
  scratch_folder folder;
  settings of;
  of.data_dir = folder.path() / "data";
  std::filesystem::create_directory(of.data_dir);
  REQUIRE(::chown(of.data_dir.c_str(), 65534, 65534) == 0);
  CHECK(of_check(examine_machine(of), "owner of files").is == verdict::ok);
  std::filesystem::create_directory(of.data_dir / "lost+found"); // a disk of its own has one, of root's
  CHECK(of_check(examine_machine(of), "owner of files").is == verdict::ok);
  std::ofstream{of.data_dir / "spool.sqlite"} << "root's";
  const auto x = of_check(examine_machine(of), "owner of files");
  check_named(x, verdict::fail, "spool.sqlite");
  CHECK(x.advice.find("chown") != std::string::npos);
}

TEST_CASE("mistake: the data folder cannot be made or is none") {
  scratch_folder folder;
  settings of;
  of.data_dir = folder.write("file", "") / "below";
  CHECK(of_check(examine_machine(of), "data folder").is == verdict::fail);
}

TEST_CASE("mistake: the data folder lies on a file system that forgets") {
  struct statfs about {};
  constexpr auto tmpfs = 0x01021994;
  if (::statfs("/dev/shm", &about) != 0 || about.f_type != tmpfs || ::access("/dev/shm", W_OK) != 0) {
    WARN("skipped: /dev/shm is no tmpfs here");
    return;
  }
  settings of;
  of.data_dir = "/dev/shm/ingot-doctor-" + std::to_string(::getpid());
  std::filesystem::create_directory(of.data_dir);
  const auto x = of_check(examine_machine(of), "data folder");
  std::filesystem::remove_all(of.data_dir);
  check_named(x, verdict::warn, "tmpfs");
}

TEST_CASE("mistake: the disk cannot hold the spool that may be needed") {
  scratch_folder folder;
  settings of;
  of.data_dir = folder.path();
  of.spool.bytes_max = std::size_t{1} << 60;
  check_named(of_check(examine_machine(of), "disk"), verdict::warn, "the spool may take");
}

TEST_CASE("mistake: the embedded database was written by another PostgreSQL than is installed") {
  scratch_folder folder;
  settings of;
  of.data_dir = folder.path();
  std::filesystem::create_directories(folder.path() / "postgres" / "data");
  std::ofstream{folder.path() / "postgres" / "data" / "PG_VERSION"} << "99\n";
  check_named(of_check(examine_machine(of), "PostgreSQL server"), verdict::fail, "postgresql-99");
}

TEST_CASE("mistake: the spool was damaged, or is large") {
  scratch_folder folder;
  settings of;
  of.data_dir = folder.path();
  CHECK(of_check(examine_spool(of), "spool").is == verdict::ok);
  folder.write("spool.sqlite.damaged-1", "?");
  check_named(of_check(examine_spool(of), "spool"), verdict::warn, "1 damaged spool files");
  std::filesystem::remove(folder.path() / "spool.sqlite.damaged-1");
  folder.write("spool.sqlite", std::string(3'000'000, 'x'));
  of.spool.bytes_max = 4'000'000;
  check_named(of_check(examine_spool(of), "spool"), verdict::warn, "2 MiB on disk");
}

TEST_CASE("mistake: the body limit is below what GitHub sends") {
  settings of;
  of.server.body_bytes_max = 10 * 1024 * 1024;
  check_named(of_check(examine_limits(of), "body limit"), verdict::warn, "25 MB");
  CHECK(of_check(examine_limits(settings{}), "limits").found.starts_with("as senders"));
}

TEST_CASE("mistake: a statement may take longer than GitHub waits") {
  settings of;
  of.database.statement_timeout = milliseconds{15'000};
  check_named(of_check(examine_limits(of), "statement timeout"), verdict::warn, "15000");
}

TEST_CASE("mistake: the bodies that may be in flight are more than the machine's memory bears") {
  settings of;
  of.server.bytes_in_flight_max = std::size_t{1} << 50;
  check_named(of_check(examine_limits(of), "memory"), verdict::warn, "of this machine's");
}

TEST_CASE("mistake: the node listens beyond its machine without TLS") {
  settings of;
  of.server.listen = "0.0.0.0";
  check_named(of_check(examine_exposure(of), "exposure"), verdict::warn, "without TLS");
  of.server.tls_certificate = "certificate.pem";
  CHECK(of_check(examine_exposure(of), "exposure").is == verdict::ok);
}

TEST_CASE("mistake: a proxy stands before the node and is not trusted, or everybody is") {
  settings of;
  of.submissions.public_url = "https://ingot.example.org";
  check_named(of_check(examine_exposure(of), "trusted proxies"), verdict::warn, "no proxy is trusted");
  of.server.trusted_proxies = "127.0.0.1";
  CHECK(of_check(examine_exposure(of), "trusted proxies").is == verdict::ok);
  of.server.trusted_proxies = "127.0.0.1 0.0.0.0/0";
  check_named(of_check(examine_exposure(of), "trusted proxies"), verdict::fail, "names everybody");
}

TEST_CASE("mistake: the certificate is for another name than people come by") {
  scratch_folder folder;
  auto* key = ::EVP_EC_gen("P-256");
  auto* certificate = ::X509_new();
  ::X509_gmtime_adj(::X509_getm_notBefore(certificate), -3'600);
  ::X509_gmtime_adj(::X509_getm_notAfter(certificate), 90 * 86'400);
  ::X509_set_pubkey(certificate, key);
  ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("one.example.org"), -1, -1, 0);
  ::X509_sign(certificate, key, ::EVP_sha256());
  settings of;
  of.server.tls_certificate = (folder.path() / "certificate.pem").string();
  of.server.tls_private_key = (folder.path() / "key.pem").string();
  auto* file = std::fopen(of.server.tls_certificate.c_str(), "w");
  ::PEM_write_X509(file, certificate);
  std::fclose(file);
  file = std::fopen(of.server.tls_private_key.c_str(), "w");
  ::PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  ::X509_free(certificate);
  ::EVP_PKEY_free(key);
  of.submissions.public_url = "https://other.example.org:8443";
  check_named(of_check(examine_tls(of, clock_now()), "TLS"), verdict::fail, "not for other.example.org");
  of.submissions.public_url = "https://one.example.org";
  CHECK(of_check(examine_tls(of, clock_now()), "TLS").is == verdict::ok);
}

TEST_CASE("mistake: the GitHub App's key is none, is of another kind, or is missing") {
  settings of;
  of.github_api.app_id = "12";
  check_named(of_check(examine_github(of, noon, false), "GitHub App"), verdict::fail, "no private key");
  of.github_api.app_private_key = "/nonexistent.pem";
  check_named(of_check(examine_github(of, noon, false), "GitHub App"), verdict::fail, "app_private_key");
  of.github_api.app_private_key = private_key_pem(false);
  check_named(of_check(examine_github(of, noon, false), "GitHub App"), verdict::fail, "RSA");
  of.github_api.app_private_key = private_key_pem(true);
  CHECK(of_check(examine_github(of, noon, false), "GitHub App").found.find("can be used") != std::string::npos);
}

TEST_CASE("mistake: GitHub refuses the token or the App's key, or cannot be reached, which only --online asks") {
  settings of;
  of.github_api.token = "ghp_refused";
  {
    local_http_server github{401, R"({"message":"Bad credentials"})"};
    of.github_api.url = github.url();
    of.github_api.app_id = "12";
    of.github_api.app_private_key = private_key_pem(true);
    CHECK(examine_github(of, noon, false).size() == 1); // nobody is called
    const auto all = examine_github(of, noon, true);
    check_named(of_check(all, "GitHub token"), verdict::fail, "401");
    check_named(of_check(all, "GitHub App"), verdict::fail, "401");
    const auto requests = github.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[1].find("Bearer ghp_refused") != std::string::npos);
  }
  check_named(of_check(examine_github(of, noon, true), "GitHub token"), verdict::fail, "no answer");
  local_http_server github{200, "{}"};
  of.github_api.url = github.url();
  CHECK(of_check(examine_github(of, noon, true), "GitHub token").is == verdict::ok);
}

TEST_CASE("mistake: the database cannot be reached") {
  settings of;
  of.database.url = "postgresql://user:pa55word@127.0.0.1:1/none";
  const auto x = of_check(examine_database(of, clock_now), "database");
  check_named(x, verdict::fail, "cannot reach");
  CHECK(x.found.find("pa55word") == std::string::npos);
}

TEST_CASE("mistake: the database is read-only, as a standby is") {
  testing::database db;
  db.sql("ALTER DATABASE " + db.name() + " SET default_transaction_read_only = on");
  check_named(of_check(examine_database(settings_of(db), clock_now), "database"), verdict::fail, "read-only");
}

TEST_CASE("mistake: the database keeps texts in another encoding") {
  testing::database db;
  const auto name = db.name() + "_ascii";
  db.sql("CREATE DATABASE " + name + " ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
  auto of = settings_of(db);
  const auto at = of.database.url.rfind(db.name());
  REQUIRE(at != std::string::npos);
  of.database.url.replace(at, db.name().size(), name);
  check_named(of_check(examine_database(of, clock_now), "encoding"), verdict::fail, "SQL_ASCII");
  db.sql("DROP DATABASE " + name + " WITH (FORCE)");
}

TEST_CASE("mistake: the server is old, forgets what it has committed, or hides behind a pooler") {
  const settings of;
  auto server = storage::server_facts{};
  server.version = "15.5";
  server.version_number = 150'005;
  server.encoding = "UTF8";
  server.connections_max = 100;
  for (const auto& x : judge_server(of, server))
    CHECK(x.is == verdict::ok);
  server.version = "13.14";
  server.version_number = 130'014;
  check_named(of_check(judge_server(of, server), "database"), verdict::fail, "PostgreSQL 13.14");
  server.version = "11.2-YB-2.20.1.0-b0"; // YugabyteDB
  server.version_number = 110'002;
  CHECK(of_check(judge_server(of, server), "database").is == verdict::ok);
  server.fsync = false;
  check_named(of_check(judge_server(of, server), "durability"), verdict::fail, "fsync is off");
  server.fsync = true;
  server.full_page_writes = false;
  check_named(of_check(judge_server(of, server), "durability"), verdict::fail, "full_page_writes is off");
  server.pooled = true;
  check_named(of_check(judge_server(of, server), "pooler"), verdict::warn, "pooler");
}

TEST_CASE("mistake: a node needs more connections than the server takes") {
  testing::database db;
  auto of = settings_of(db);
  of.database.writers = 64;
  of.database.readers = 64;
  check_named(of_check(examine_database(of, clock_now), "connections"), verdict::fail, "a node opens some 140");
  CHECK(of_check(examine_database(settings_of(db), clock_now), "pooler").found == "no such finding");
}

TEST_CASE("mistake: the clocks of node and database differ") {
  testing::database db;
  const auto late = [] { return clock_now() + std::chrono::minutes{10}; };
  check_named(of_check(examine_database(settings_of(db), late), "clock"), verdict::warn, "ms of the database's");
  CHECK(of_check(examine_database(settings_of(db), clock_now), "clock").is == verdict::ok);
}

TEST_CASE("mistake: the database's schema is newer than the program") {
  testing::database db;
  db.sql("INSERT INTO schema_migrations (version, name) VALUES (9999, 'from the future')");
  check_named(of_check(examine_database(settings_of(db), clock_now), "migrations"), verdict::fail, "9999");
}

TEST_CASE("mistake: the master key is none, or does not open what the rows hold") {
  testing::database db;
  auto of = settings_of(db);
  CHECK(of_check(examine_database(of, clock_now), "master key").is == verdict::ok);
  of.master_key = "not base64";
  check_named(of_check(examine_database(of, clock_now), "master key"), verdict::fail, "holds no key");
  of.master_key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
  // Sealed with a key of the id 0102…08.
  db.sql("INSERT INTO sites (id, name, notify_secret) VALUES (7, 'x', decode('010102030405060708' || repeat('00', 40), 'hex'))");
  check_named(of_check(examine_database(of, clock_now), "master key"), verdict::fail, "does not open 1 of 1");
}

TEST_CASE("mistake: dead jobs, failed deliveries and unsealed audit lines lie about") {
  testing::database db;
  CHECK(of_check(examine_database(settings_of(db), clock_now), "unfinished work").found == "none");
  db.sql("INSERT INTO jobs (kind, key, payload, state, finished_at) VALUES ('noop', 'a', '{}', 'dead', now())");
  db.sql("INSERT INTO audit_log (at, actor, action, subject) VALUES (now() - interval '1 hour', 'a', 'b', 'c')");
  const auto x = of_check(examine_database(settings_of(db), clock_now), "unfinished work");
  check_named(x, verdict::warn, "1 dead jobs, 1 audit lines that nobody seals");
  CHECK(x.advice.find("ingot jobs list --state dead") != std::string::npos);
}
