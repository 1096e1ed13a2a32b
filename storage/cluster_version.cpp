#include "storage/cluster.hpp"
#include "storage/cluster_layout.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <unistd.h>

namespace fs = std::filesystem;

namespace ingot::storage {

namespace {

const fs::path debian_servers = "/usr/lib/postgresql";

bool holds_server(const fs::path& bindir) {
  return ::access((bindir / "initdb").c_str(), X_OK) == 0 && ::access((bindir / "postgres").c_str(), X_OK) == 0;
}

fs::path newest_debian_bindir() {
  fs::path newest;
  int version = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(debian_servers, ignored)) {
    const int v = std::atoi(entry.path().filename().c_str());
    if (v > version && holds_server(entry.path() / "bin")) {
      version = v;
      newest = entry.path() / "bin";
    }
  }
  return newest;
}

fs::path bindir_on_path() {
  const char* path = std::getenv("PATH");
  std::istringstream folders{path == nullptr ? "" : path};
  for (std::string folder; std::getline(folders, folder, ':');)
    if (!folder.empty() && holds_server(folder))
      return fs::canonical(fs::path{folder} / "postgres").parent_path();
  return {};
}

} // namespace

fs::path find_postgres_bindir() {
  // libpq-dev alone brings a pg_config that names a folder without a server.
  if (const auto told = process::output_of("pg_config --bindir 2>/dev/null"); told && holds_server(*told))
    return *told;
  if (auto newest = newest_debian_bindir(); !newest.empty())
    return newest;
  return bindir_on_path();
}

int server_version(const fs::path& bindir) {
  // `postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)`
  const auto told = process::output_of(process::shell_word(bindir / "postgres") + " --version 2>/dev/null").value_or("");
  const auto number = told.find_first_of("0123456789");
  return number == std::string::npos ? 0 : std::atoi(told.c_str() + number);
}

fs::path bindir_for(const fs::path& data) {
  const auto found = find_postgres_bindir();
  std::string written_by;
  if (!std::getline(std::ifstream{data / "PG_VERSION"}, written_by)) {
    if (found.empty())
      throw std::runtime_error("no PostgreSQL server found (initdb and postgres; looked where pg_config --bindir says, in "
                               "/usr/lib/postgresql and on the PATH): install one with `apt-get install postgresql`, or name a "
                               "database with DATABASE_URL");
    return found;
  }
  if (const auto matching = debian_servers / written_by / "bin"; holds_server(matching))
    return matching;
  const int version = found.empty() ? 0 : server_version(found);
  if (version == std::atoi(written_by.c_str()))
    return found;
  throw std::runtime_error("the database in " + data.string() + " was written by PostgreSQL " + written_by + ", and " +
                           (found.empty()
                                ? "no server is installed"
                                : "the server found, in " + found.string() + ", is version " + std::to_string(version)) +
                           ": install the package postgresql-" + written_by);
}

} // namespace ingot::storage
