#include "commands/doctor.hpp"

#include "commands/table.hpp"
#include "config/secrets.hpp"
#include "model/json_object.hpp"

#include <algorithm>
#include <ostream>

namespace ingot::commands {

namespace {

// Shorter ones are guessed by trying (GitHub's documentation asks for high entropy).
constexpr std::size_t secret_bytes_min = 16;

std::string_view word_of(verdict x) {
  return x == verdict::ok ? "ok" : x == verdict::warn ? "warn" : "fail";
}

colour colour_of(verdict x) {
  return x == verdict::ok ? colour::good : x == verdict::warn ? colour::warning : colour::bad;
}

findings examine_secrets(const settings& of) {
  auto complete = of;
  try {
    read_kept_secrets(complete, of.data_dir);
  } catch (const std::exception& e) {
    return {{"secrets", verdict::fail, e.what(), "make the file readable, or delete it"}};
  }
  findings out;
  if (complete.github.empty())
    out.push_back({"webhook secret", of.generate_webhook_secret ? verdict::ok : verdict::warn,
                   of.generate_webhook_secret ? "none yet; made at the first start" : "none: POST /webhook answers 503",
                   of.generate_webhook_secret
                       ? ""
                       : "set GITHUB_WEBHOOK_SECRET to what GitHub has, or start once with --generate-secrets"});
  for (const auto& x : complete.github) {
    bool weak = x.secret.size() < secret_bytes_min;
    out.push_back({"webhook secret", weak ? verdict::warn : verdict::ok,
                   "endpoint " + x.name + ": " + (weak ? "shorter than 16 bytes" : "set") +
                       (x.secret_previous.empty() ? "" : ", and a previous one"),
                   weak ? "use a longer one, e.g. from `openssl rand -hex 32`" : ""});
  }
  out.push_back({"admin token", verdict::ok, complete.admin_token.empty() ? "none yet; made at the first start" : "set", ""});
  return out;
}

void append(findings& to, findings more) {
  std::move(more.begin(), more.end(), std::back_inserter(to));
}

} // namespace

findings examine_configuration(const loaded_config& config) {
  findings out;
  for (const auto& x : config.problems)
    out.push_back({"configuration", verdict::fail, to_string(x), "mend it; `ingot check-config --explain` lists all settings"});
  if (out.empty())
    out.push_back(
        {"configuration", verdict::ok, config.file.empty() ? "no file; defaults and environment" : config.file.string(), ""});
  if (config.problems.empty())
    append(out, examine_secrets(config.values));
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

int doctor(const loaded_config& config, const std::function<timestamp()>& now, const terminal& to) {
  findings all{{"ingot", verdict::ok, "version " INGOT_VERSION, ""}};
  append(all, examine_configuration(config));
  if (!config.problems.empty()) {
    all.push_back({"the rest", verdict::warn, "not looked at: the settings in effect are unknown", ""});
    return report(all, to);
  }
  append(all, examine_machine(config.values));
  append(all, examine_tls(config.values, now()));
  append(all, examine_node(config.values));
  append(all, examine_database(config.values, now));
  return report(all, to);
}

} // namespace ingot::commands
