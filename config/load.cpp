#include "config/load.hpp"

#include "config/assign.hpp"
#include "config/nearest_name.hpp"
#include "config/setting_table.hpp"
#include "config/toml_file.hpp"
#include "model/nightly/cron.hpp"
#include "model/nightly/run.hpp"

#include <unistd.h>

#include <algorithm>

namespace ingot {

namespace {

using environment_map = std::map<std::string, std::string>;

const std::string* value_of(const environment_map& from, const std::string& name) {
  auto at = from.find(name);
  return at == from.end() || at->second.empty() ? nullptr : &at->second;
}

void apply_environment(const environment_map& from, loaded_config& into) {
  for (const auto& x : all_settings()) {
    // The longer name is the more deliberate one: platforms set PORT by themselves.
    for (const auto& name : {environment_name(x.key), std::string{x.environment}}) {
      const auto* text = value_of(from, name);
      if (text == nullptr)
        continue;
      if (auto wrong = assign_environment(x, into.values, *text); !wrong.empty())
        into.problems.push_back({"environment", 0, 0, name, std::move(wrong)});
      else
        into.origins[std::string{x.key}] = "environment " + name;
      break;
    }
  }
}

/// Names that begin like a setting of ours and are none are typing mistakes; other INGOT_ names belong to scripts and tests.
void find_misspelled(const environment_map& from, loaded_config& into) {
  std::vector<std::string> known{"INGOT_CONFIG", "INGOT_NOTIFY_SECRET"}; // no settings, but ours
  std::vector<std::string> sections;
  for (const auto& x : all_settings()) {
    known.push_back(environment_name(x.key));
    if (x.environment.starts_with("INGOT_"))
      known.emplace_back(x.environment);
    if (auto dot = x.key.find('.'); dot != std::string_view::npos)
      sections.push_back(environment_name(x.key.substr(0, dot)) + "_");
  }
  for (const auto& entry : from) {
    const auto& name = entry.first; // clang 14 captures no structured binding
    if (!name.starts_with("INGOT_") || std::find(known.begin(), known.end(), name) != known.end())
      continue;
    bool ours = std::any_of(sections.begin(), sections.end(), [&](const auto& x) { return name.starts_with(x); });
    auto near = nearest_name(name, known);
    // INGOT_PORT: the section was left out.
    const auto tail = name.substr(5);
    for (const auto& x : known)
      if (near.empty() && x.ends_with(tail)) {
        ours = true;
        near = x;
      }
    if (ours || (!near.empty() && near.size() + 1 >= name.size() && name.size() + 1 >= near.size() && near[6] == name[6]))
      into.problems.push_back({"environment", 0, 0, name,
                               near.empty() ? "there is no such setting (all: ingot check-config --explain)"
                                            : "there is no such setting; did you mean " + std::string{near} + "?"});
  }
}

/// Rules between settings.
void judge_whole(loaded_config& into) {
  const auto& s = into.values;
  auto note = [&](const std::string& key, std::string message) {
    auto origin = into.origins.find(key);
    config_problem made{"", 0, 0, key, std::move(message)};
    if (origin != into.origins.end()) {
      made.file = origin->second;
      if (auto colon = made.file.rfind(':'); colon != std::string::npos && !made.file.starts_with("environment ")) {
        made.line = std::strtoul(made.file.c_str() + colon + 1, nullptr, 10);
        made.column = 1;
        made.file.resize(colon);
      }
    }
    into.problems.push_back(std::move(made));
  };
  if (s.server.tls_certificate.empty() != s.server.tls_private_key.empty())
    note(s.server.tls_certificate.empty() ? "server.tls_private_key" : "server.tls_certificate",
         "server.tls_certificate and server.tls_private_key go together: give both or none");
  if (s.server.bytes_in_flight_max < s.server.body_bytes_max)
    note("server.bytes_in_flight_max", "must not be below server.body_bytes_max, or the largest body could never be admitted");
  if (const auto& x = s.nightly; !x.schedule.empty() && x.schedule != "never") {
    const auto parsed = nightly::cron_schedule::parse(x.schedule, x.time_zone);
    if (const auto* why = std::get_if<std::string>(&parsed))
      note(why->starts_with("there is no time zone") ? "nightly.time_zone" : "nightly.schedule", *why);
  }
  if (!nightly::are_parts(s.nightly.parts))
    note("nightly.parts", "expected content, metadata, manifest and readme, those that are wanted, with blanks between");
  // libcurl resolves such segments, and 8.14 signs no path that it is told to leave as it is; a + in a query it signs as a blank.
  const auto prefix = "/" + s.blobs.s3_prefix;
  if (prefix.find("/./") != prefix.npos || prefix.find("/../") != prefix.npos || prefix.find('+') != prefix.npos)
    note("blobs.s3_prefix", "expected no \"+\" and no segment \".\" or \"..\"");
  for (const auto& x : s.github) {
    if (x.secret.empty() && !x.secret_previous.empty())
      note("github.secret_previous", "there is a previous secret but no current one: set github.secret (GITHUB_WEBHOOK_SECRET)");
  }
}

std::optional<std::filesystem::path> chosen_file(const config_sources& sources) {
  if (sources.file)
    return sources.file;
  if (const auto* named = value_of(sources.environment, "INGOT_CONFIG"))
    return *named;
  std::error_code ignored;
  if (std::filesystem::exists("ingot.toml", ignored))
    return "ingot.toml";
  return std::nullopt;
}

} // namespace

std::string to_string(const config_problem& x) {
  auto out = x.file;
  if (x.line > 0)
    out += ":" + std::to_string(x.line) + ":" + std::to_string(x.column);
  if (!out.empty())
    out += ": ";
  if (!x.key.empty())
    out += x.key + ": ";
  return out + x.message;
}

environment_map process_environment() {
  environment_map out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view text{*entry};
    if (auto equals = text.find('='); equals != std::string_view::npos)
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

loaded_config load_config(const config_sources& sources) {
  loaded_config out;
  if (auto file = chosen_file(sources))
    read_toml_file(*file, out);
  apply_environment(sources.environment, out);
  find_misspelled(sources.environment, out);
  judge_whole(out);
  auto& endpoints = out.values.github;
  endpoints.erase(std::remove_if(endpoints.begin(), endpoints.end(), [](const auto& x) { return x.secret.empty(); }),
                  endpoints.end());
  return out;
}

} // namespace ingot
