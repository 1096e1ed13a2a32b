#include "commands/check_config.hpp"

#include "commands/table.hpp"
#include "config/quantity.hpp"
#include "config/secrets.hpp"
#include "config/setting_table.hpp"
#include "model/json_object.hpp"

#include <algorithm>
#include <ostream>

namespace ingot::commands {

namespace {

/// One effective setting as it may be shown.
struct shown_setting {
  std::string key;
  std::string value;
  std::string origin; ///< `default`, `ingot.toml:3`, `environment PORT`
};

std::string masked(const setting& x, const settings& values) {
  if (!x.secret)
    return toml_value(x, values);
  auto copy = values;
  const auto& text = *std::get<std::string*>(x.slot(copy));
  if (text.empty())
    return "(not set)";
  return x.key == "database.url" ? mask_password(text) : "(set)";
}

std::vector<shown_setting> shown_settings(const loaded_config& config) {
  std::vector<shown_setting> out;
  for (const auto& x : all_settings()) {
    auto origin = config.origins.find(std::string{x.key});
    out.push_back({std::string{x.key}, masked(x, config.values), origin == config.origins.end() ? "default" : origin->second});
  }
  for (const auto& x : config.values.github) {
    auto key = "github.endpoint." + x.name;
    if (auto origin = config.origins.find(key); origin != config.origins.end())
      out.push_back({key, x.secret_previous.empty() ? "(one secret)" : "(two secrets)", origin->second});
  }
  return out;
}

std::string problem_json(const config_problem& x) {
  return json_object{}
      .add("file", x.file)
      .add("line", x.line)
      .add("column", x.column)
      .add("key", x.key)
      .add("message", x.message)
      .text();
}

std::string range_of(const setting& x) {
  if (!x.choices.empty()) {
    std::string out;
    for (char c : x.choices)
      out += c == '|' ? std::string{", "} : std::string{c};
    return out;
  }
  if (x.least == 0 && x.most == 0)
    return "";
  return print_quantity(x.least, x.unit) + " to " + print_quantity(x.most, x.unit);
}

std::string default_of(const setting& x) {
  auto out = toml_value(x, settings{});
  return out == "\"\"" ? "" : out;
}

std::string code(const std::string& text) {
  return text.empty() ? "" : "`" + text + "`";
}

} // namespace

void print_problems(const loaded_config& config, const terminal& to) {
  for (const auto& x : config.problems)
    to.err << presentable(to_string(x)) << '\n';
  if (!config.problems.empty())
    to.err << (config.problems.size() == 1 ? std::string{"1 mistake"} : std::to_string(config.problems.size()) + " mistakes")
           << " in the configuration\n";
}

int check_config(const loaded_config& config, const terminal& to) {
  auto shown = shown_settings(config);
  auto code = config.problems.empty() ? done : misconfigured;
  if (to.json) {
    std::vector<std::string> problems;
    std::vector<std::string> values;
    for (const auto& x : config.problems)
      problems.push_back(problem_json(x));
    for (const auto& x : shown)
      values.push_back(json_object{}.add("key", x.key).add("value", x.value).add("origin", x.origin).text());
    to.out << json_object{}
                  .add("ok", config.problems.empty())
                  .add("file", config.file.string())
                  .add_raw("problems", json_array(problems))
                  .add_raw("settings", json_array(values))
                  .text()
           << '\n';
    return code;
  }
  print_problems(config, to);
  if (code != done)
    return code;
  table listing{{"SETTING", "VALUE", "FROM"}, {}};
  for (const auto& x : shown)
    listing.rows.push_back({x.key, x.value, {x.origin, x.origin == "default" ? colour::faint : colour::none}});
  print(to.out, listing, to.coloured);
  to.out << "\nNo mistakes" << (config.file.empty() ? " (no settings file)" : " in " + config.file.string()) << ".\n";
  auto complete = config.values;
  try {
    read_kept_secrets(complete, complete.data_dir);
  } catch (const std::exception& e) {
    to.out << presentable(e.what()) << ".\n";
  }
  if (config.values.github.empty() && !complete.github.empty())
    to.out << "The webhook secret is the one kept in " << (complete.data_dir / webhook_secret_file).string() << ".\n";
  if (complete.github.empty() && !config.values.generate_webhook_secret)
    to.out << "No webhook secret is set: POST /webhook will answer 503 until there is one (GITHUB_WEBHOOK_SECRET, or "
              "`ingot serve --generate-secrets`).\n";
  return code;
}

std::string explain_settings() {
  std::string out = "| setting | environment | type | default | range | what for |\n|---|---|---|---|---|---|\n";
  for (const auto& x : all_settings()) {
    auto names = code(environment_name(x.key));
    if (!x.environment.empty())
      names = code(std::string{x.environment}) + ", " + names;
    out += "| " + code(std::string{x.key}) + " | " + names + " | " + std::string{type_name(x)} + " | " + code(default_of(x)) +
           " | " + range_of(x) + " | " + std::string{x.help} + " |\n";
  }
  return out;
}

std::string example_toml() {
  std::string out =
      "# Every setting of Ingot at its default. Take away the `#` before what you change; `ingot check-config` names mistakes.\n"
      "# Sizes: 4096 or \"25MiB\". Durations: 10000 (milliseconds) or \"10s\". Days: 30 or \"30d\".\n\n";
  std::string section;
  for (const auto& x : all_settings()) {
    auto dot = x.key.find('.');
    auto name = x.key.substr(dot == std::string_view::npos ? 0 : dot + 1);
    if (auto own = std::string{x.key.substr(0, dot == std::string_view::npos ? 0 : dot)}; own != section) {
      section = own;
      out += "\n[" + section + "]\n";
    }
    auto range = range_of(x);
    out += "# " + std::string{x.help} + (range.empty() ? "" : " (" + range + ")") + "\n";
    out += "#" + std::string{name} + " = " + toml_value(x, settings{}) + "\n";
  }
  return out + "\n# Further GitHub endpoints, each with secrets of its own.\n#[[github.endpoint]]\n#name = \"organization\"\n"
               "#secret = \"…\"\n#secret_previous = \"…\"\n";
}

} // namespace ingot::commands
