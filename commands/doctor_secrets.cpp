#include "commands/doctor.hpp"

#include "config/secrets.hpp"
#include "config/setting_table.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <map>

namespace ingot::commands {

namespace {

// Shorter ones are guessed by trying (GitHub's documentation asks for high entropy).
constexpr std::size_t secret_bytes_min = 16;
constexpr std::size_t different_characters_min = 6;

/// What is wrong with a secret; empty: nothing that can be seen.
std::string weakness_of(const std::string& secret) {
  if (secret.size() < secret_bytes_min)
    return "shorter than 16 bytes";
  auto lower = secret;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto* word :
       {"changeme", "change-me", "password", "example", "your-secret", "your_secret", "0123456789", "secretsecret"})
    if (lower.find(word) != std::string::npos)
      return "one that stands in many examples";
  std::sort(lower.begin(), lower.end());
  if (static_cast<std::size_t>(std::unique(lower.begin(), lower.end()) - lower.begin()) < different_characters_min)
    return "made of few different characters";
  return "";
}

finding judge(const std::string& check, const std::string& name, const std::string& secret, const std::string& previous) {
  const auto weak = weakness_of(secret);
  return {check, weak.empty() ? verdict::ok : verdict::warn,
          name + (name.empty() ? "" : ": ") + (weak.empty() ? "set" : weak) + (previous.empty() ? "" : ", and a previous one"),
          weak.empty() ? "" : "use a random one, e.g. from `openssl rand -hex 32`"};
}

/// Secrets that senders of different kinds are given must differ: who has one would have the other.
finding judge_sharing(const settings& of) {
  auto uses = std::map<std::string, std::vector<std::string>>{};
  const auto add = [&](const std::string& secret, const std::string& what) {
    if (!secret.empty())
      uses[secret].push_back(what);
  };
  add(of.admin_token, "admin.token");
  add(of.application.token, "application.token");
  add(of.cron.secret, "cron.secret");
  add(of.stripe.webhook_secret, "stripe.webhook_secret");
  add(of.master_key, "master.key");
  for (const auto& x : of.github)
    add(x.secret, "github." + x.name);
  auto found = std::string{};
  for (const auto& [secret, what] : uses)
    if (what.size() > 1)
      for (const auto& name : what)
        found += (found.empty() ? "" : ", ") + name;
  return {"secrets differ", found.empty() ? verdict::ok : verdict::warn,
          found.empty() ? "each serves one purpose" : "the same one serves several purposes: " + found,
          found.empty() ? "" : "give each its own: whoever is told one of them has the others"};
}

/// The settings file, when secrets stand in it.
findings judge_file(const loaded_config& config) {
  struct stat about {};
  if (config.file.empty() || ::stat(config.file.c_str(), &about) != 0 || (about.st_mode & 07) == 0)
    return {};
  for (const auto& x : all_settings())
    if (x.secret)
      if (const auto from = config.origins.find(std::string{x.key});
          from != config.origins.end() && !from->second.starts_with("environment "))
        return {{"settings file", verdict::fail,
                 config.file.string() + " holds secrets (" + std::string{x.key} + ") and everybody may read it",
                 "chmod o-rwx " + config.file.string() + ", and think of new secrets"}};
  return {};
}

} // namespace

findings examine_secrets(const loaded_config& config) {
  const auto& of = config.values;
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
  for (const auto& x : complete.github)
    out.push_back(judge("webhook secret", "endpoint " + x.name, x.secret, x.secret_previous));
  if (complete.admin_token.empty())
    out.push_back({"admin token", verdict::ok, "none yet; made at the first start", ""});
  else
    out.push_back(judge("admin token", "", complete.admin_token, ""));
  for (const auto& [name, secret, previous] :
       {std::tuple{"application token", complete.application.token, complete.application.token_previous},
        std::tuple{"cron secret", complete.cron.secret, complete.cron.secret_previous}})
    if (!secret.empty())
      out.push_back(judge(name, "", secret, previous));
  out.push_back(judge_sharing(complete));
  append(out, judge_file(config));
  return out;
}

} // namespace ingot::commands
