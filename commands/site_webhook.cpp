#include "commands/site_webhook.hpp"

#include "commands/node_database.hpp"
#include "commands/table.hpp"
#include "config/master_keys.hpp"
#include "config/secrets.hpp"
#include "model/json_object.hpp"
#include "model/standard_webhooks.hpp"
#include "net/client/client.hpp"
#include "storage/site_webhooks.hpp"

#include <istream>
#include <ostream>

namespace ingot::commands {

namespace {

std::string key_of(const site_webhook_options& options) {
  if (options.secret.empty()) {
    const auto random = random_bytes();
    return {reinterpret_cast<const char*>(random.data()), random.size()};
  }
  const auto key = standard_webhooks::parse_secret(options.secret);
  if (!key || key->size() < standard_webhooks::key_bytes_min || key->size() > standard_webhooks::key_bytes_max)
    throw usage_error{"a webhook's secret is `whsec_` and 24 to 64 bytes in base64; leave it out and one is made"};
  return *key;
}

storage::site_webhook sealed(const settings& of, const site_webhook_options& options, const std::string& secret) {
  auto complete = of;
  read_kept_secrets(complete, of.data_dir);
  return {options.url, master_keys{complete}.seal(secret, storage::webhook_secret_place(options.site))};
}

} // namespace

std::string read_webhook_secret(const std::string& option, const std::map<std::string, std::string>& environment,
                                std::istream& input) {
  if (option.empty()) {
    const auto given = environment.find("INGOT_NOTIFY_SECRET");
    return given == environment.end() ? std::string{} : given->second;
  }
  if (option != "-")
    throw usage_error{"a secret on the command line can be read by others and stays in the shell's history: give it on standard "
                      "input with --secret -, or in INGOT_NOTIFY_SECRET"};
  auto line = std::string{};
  std::getline(input, line);
  if (line.ends_with('\r'))
    line.pop_back();
  if (line.empty())
    throw usage_error{"--secret -: standard input holds no secret"};
  return line;
}

int set_site_webhook(const settings& of, const site_webhook_options& options, timestamp now, const terminal& to) {
  if (options.off == !options.url.empty())
    throw usage_error{"name the webhook's address with --url, or take it away with --off"};
  if (const auto wrong = options.off ? std::string{} : client::judge_url(options.url); !wrong.empty())
    throw usage_error{"--url: " + wrong};
  const auto secret = options.off ? std::string{} : standard_webhooks::print_secret(key_of(options));
  const auto database = node_database{of};
  const auto wanted = options.off ? std::nullopt : std::optional{sealed(of, options, secret)};
  storage::set_site_webhook(*database.connect(), options.site, wanted, {"command line", now});
  auto out = json_object{}.add("site_id", options.site);
  if (!options.off)
    out.add("url", options.url).add("secret", secret);
  if (to.json)
    to.out << out.text() << '\n';
  else if (options.off)
    to.out << "Site " << options.site << " has no webhook.\n";
  else
    to.out << "Syncs of site " << options.site << " are told to " << presentable(options.url) << "\nsecret  " << secret
           << "\n        shown only this once; verify with it as standardwebhooks.com says\n";
  return done;
}

} // namespace ingot::commands
