#include "commands/doctor.hpp"

#include "commands/table.hpp"
#include "model/json_object.hpp"

#include <algorithm>
#include <iterator>
#include <ostream>

namespace ingot::commands {

namespace {

std::string_view word_of(verdict x) {
  return x == verdict::ok ? "ok" : x == verdict::warn ? "warn" : "fail";
}

colour colour_of(verdict x) {
  return x == verdict::ok ? colour::good : x == verdict::warn ? colour::warning : colour::bad;
}

} // namespace

void append(findings& to, findings more) {
  std::move(more.begin(), more.end(), std::back_inserter(to));
}

findings examine_configuration(const loaded_config& config) {
  findings out;
  for (const auto& x : config.problems)
    out.push_back({"configuration", verdict::fail, to_string(x), "mend it; `ingot check-config --explain` lists all settings"});
  if (out.empty())
    out.push_back(
        {"configuration", verdict::ok, config.file.empty() ? "no file; defaults and environment" : config.file.string(), ""});
  return out;
}

int report(const findings& all, const terminal& to) {
  auto count = [&](verdict x) { return std::count_if(all.begin(), all.end(), [&](const auto& f) { return f.is == x; }); };
  auto code = count(verdict::fail) > 0 ? failed : done;
  if (to.json) {
    std::vector<std::string> items;
    for (const auto& x : all)
      items.push_back(
          json_object{}.add("check", x.check).add("verdict", word_of(x.is)).add("found", x.found).add("advice", x.advice).text());
    to.out << json_object{}.add("ok", code == done).add_raw("checks", json_array(items)).text() << '\n';
    return code;
  }
  table listing;
  for (const auto& x : all) {
    listing.rows.push_back({{word_of(x.is), colour_of(x.is)}, x.check, x.found});
    if (!x.advice.empty())
      listing.rows.push_back({"", "", {"→ " + x.advice, colour_of(x.is)}});
  }
  print(to.out, listing, to.coloured);
  to.out << '\n'
         << count(verdict::ok) << " ok, " << count(verdict::warn) << " to look at, " << count(verdict::fail) << " failed\n";
  return code;
}

int doctor(const loaded_config& config, const doctor_options& how, const std::function<timestamp()>& now, const terminal& to) {
  findings all{{"ingot", verdict::ok, "version " INGOT_VERSION, ""}};
  append(all, examine_configuration(config));
  if (!config.problems.empty()) {
    all.push_back({"the rest", verdict::warn, "not looked at: the settings in effect are unknown", ""});
    return report(all, to);
  }
  append(all, examine_secrets(config));
  append(all, examine_limits(config.values));
  append(all, examine_machine(config.values));
  append(all, examine_spool(config.values));
  append(all, examine_exposure(config.values));
  append(all, examine_tls(config.values, now()));
  append(all, examine_github(config.values, now(), how.online));
  append(all, examine_node(config.values));
  append(all, examine_database(config.values, now));
  return report(all, to);
}

} // namespace ingot::commands
