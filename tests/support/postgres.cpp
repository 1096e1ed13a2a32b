#include "tests/support/postgres.hpp"

#include "storage/cluster.hpp"
#include "storage/migrations.hpp"

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <libpq-fe.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ingot::testing {

namespace {

/// A keyword string with another database's name. libpq lets the last of a keyword count.
std::string with_database(const std::string& url, const std::string& name) {
  std::string result;
  std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options{PQconninfoParse(url.c_str(), nullptr), PQconninfoFree};
  if (!options)
    throw std::runtime_error("the tests' PostgreSQL address is malformed");
  for (const auto* o = options.get(); o->keyword != nullptr; ++o) {
    if (o->val == nullptr || std::string_view{o->keyword} == "dbname")
      continue;
    std::string value;
    for (const char* c = o->val; *c != '\0'; ++c)
      value += *c == '\'' || *c == '\\' ? std::string{'\\', *c} : std::string{*c};
    result += std::string{o->keyword} + "='" + value + "' ";
  }
  return result + "dbname='" + name + "'";
}

std::string shared_url() {
  if (const char* url = std::getenv("INGOT_TEST_PG_URL"); url != nullptr && *url != '\0')
    return url;
  std::string url;
  if (const char* file = std::getenv("INGOT_TEST_PG_FILE"))
    std::getline(std::ifstream{file}, url);
  return url;
}

struct own_cluster {
  temporary_folder folder;
  storage::embedded_cluster cluster{folder.path()};
};

std::string run(const std::string& url, const std::string& statements) {
  pqxx::connection c{url};
  pqxx::nontransaction t{c};
  const auto rows = t.exec(statements);
  if (rows.empty() || rows[0].size() == 0)
    return {};
  return rows[0][0].is_null() ? "NULL" : rows[0][0].c_str();
}

std::string template_name() {
  // Another set of migrations is another template.
  std::size_t hash = 0;
  for (const auto& m : storage::all_migrations())
    hash = hash * 31 + std::hash<std::string_view>{}(m.sql);
  return "ingot_template_" + std::to_string(hash);
}

/// The migrated template, made by the first test that needs it.
const std::string& migrated_template() {
  static const std::string name = [] {
    const auto made = template_name();
    pqxx::connection c{postgres_url()};
    pqxx::nontransaction t{c};
    // Several test programs run at once.
    t.exec("SELECT pg_advisory_lock(7460)");
    if (t.exec("SELECT 1 FROM pg_database WHERE datistemplate AND datname = '" + made + "'").empty()) {
      t.exec("DROP DATABASE IF EXISTS " + made);
      t.exec("CREATE DATABASE " + made);
      {
        storage::connection fresh{with_database(postgres_url(), made), database_settings{}};
        storage::migrate(fresh);
      }
      t.exec("ALTER DATABASE " + made + " IS_TEMPLATE true");
    }
    t.exec("SELECT pg_advisory_unlock(7460)");
    return made;
  }();
  return name;
}

} // namespace

temporary_folder::temporary_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "ingot-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("cannot make a temporary folder");
  ::chmod(pattern.c_str(), 0711);
  path_ = pattern;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

const std::string& postgres_url() {
  static const std::string url = [] {
    auto shared = shared_url();
    if (!shared.empty())
      return shared;
    static own_cluster own;
    return with_database(own.cluster.url(), "postgres");
  }();
  return url;
}

database::database(content of) {
  static std::atomic<int> count{0};
  name_ = "ingot_test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
  url_ = with_database(postgres_url(), name_);
  run(postgres_url(), "DROP DATABASE IF EXISTS " + name_);
  run(postgres_url(), "CREATE DATABASE " + name_ + (of == content::migrated ? " TEMPLATE " + migrated_template() : ""));
}

database::~database() {
  try {
    run(postgres_url(), "DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
  } catch (const std::exception&) {
    // The test may have stopped the server itself.
  }
}

database_settings database::settings() const {
  database_settings s;
  s.url = url_;
  return s;
}

std::unique_ptr<storage::connection> database::connect() const {
  auto patient = settings();
  patient.connect_timeout = patient.statement_timeout = std::chrono::seconds{20}; // other tests may keep the disk busy
  return std::make_unique<storage::connection>(url_, patient);
}

std::string database::sql(const std::string& statements) const {
  return run(url_, statements);
}

} // namespace ingot::testing
