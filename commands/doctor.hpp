#pragma once

#include "commands/terminal.hpp"
#include "config/load.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ingot::storage {
struct server_facts;
}

namespace ingot::commands {

enum class verdict : std::uint8_t { ok, warn, fail };

/// What one check found.
struct finding {
  std::string check; ///< what was looked at: `data folder`
  verdict is = verdict::ok;
  std::string found;
  std::string advice; ///< what to do; empty when nothing
};

using findings = std::vector<finding>;

/// Moves `more` behind `to`.
void append(findings& to, findings more);

/// The checks, each on its own; none throws for what it finds.
findings examine_configuration(const loaded_config& config);
findings examine_secrets(const loaded_config& config);   ///< there, long enough, each for one purpose, read by nobody else
findings examine_limits(const settings& of);             ///< bounds that senders or the machine's memory would not bear
findings examine_machine(const settings& of);            ///< PostgreSQL server, data folder, disk, descriptors
findings examine_spool(const settings& of);              ///< damaged, or full of what waits
findings examine_exposure(const settings& of);           ///< who can reach the node, and whom it believes
findings examine_tls(const settings& of, timestamp now); ///< files readable, belong together, not expired, right name
findings examine_github(const settings& of, timestamp now, bool online); ///< the App's key; whether GitHub takes the credentials
findings examine_node(const settings& of);                               ///< port free, or a node that answers /health and /ready
findings examine_database(const settings& of, const std::function<timestamp()>& now); ///< reachable, migrated, clock, versions

/// What examine_database() makes of a server's facts.
findings judge_server(const settings& of, const storage::server_facts& server);

struct doctor_options {
  bool online = false; ///< ask GitHub, too: without it nobody but the node and its database is called
};

/// All of them. Exit code 1 when one failed.
int doctor(const loaded_config& config, const doctor_options& how, const std::function<timestamp()>& now, const terminal& to);

/// Prints findings as a table or as JSON. @returns the exit code
int report(const findings& all, const terminal& to);

} // namespace ingot::commands
