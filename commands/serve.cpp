#include "commands/serve.hpp"

#include "commands/check_config.hpp"
#include "commands/http_call.hpp"
#include "config/test_switches.hpp"
#include "storage/cluster.hpp"
#include "telemetry/log.hpp"

#include <ostream>

namespace ingot::commands {

namespace {

/// `text` as one word for a shell.
std::string shell_word(const std::string& text) {
  auto plain =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@%+=,") == std::string::npos;
  if (plain && !text.empty())
    return text;
  std::string out = "'";
  for (char c : text)
    out += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return out + "'";
}

/// The variables with which another command finds this very node.
std::string needed_environment(const loaded_config& from, std::uint16_t port) {
  std::string out;
  auto add = [&](const std::string& name, const std::string& value) { out += name + "=" + shell_word(value) + " "; };
  auto set = [&](const char* key) {
    auto found = from.origins.find(key);
    return found != from.origins.end() && found->second.starts_with("environment ");
  };
  if (!from.file.empty() && from.file != "ingot.toml")
    add("INGOT_CONFIG", std::filesystem::absolute(from.file).string());
  if (set("data_dir"))
    add("INGOT_DATA_DIR", std::filesystem::absolute(from.values.data_dir).string());
  if (set("server.listen"))
    add("INGOT_LISTEN", from.values.server.listen);
  if (set("server.port") || port != from.values.server.port)
    add("PORT", std::to_string(port));
  return out;
}

} // namespace

std::string welcome(const settings& of, const loaded_config& from, const generated& made, const std::string& program,
                    std::uint16_t port, bool show_secrets) {
  auto as_listening = of;
  as_listening.server.port = port;
  std::error_code ignored;
  auto folder = std::filesystem::weakly_canonical(of.data_dir, ignored);
  auto kept_in = [&](std::string_view file) { return (folder / file).string(); };
  const auto made_just_now = [&](const std::string& secret, std::string_view file) {
    return show_secrets ? secret + "\n                   made just now, shown only this once; kept in " + kept_in(file) + "\n"
                        : "made just now, kept in " + kept_in(file) + "\n";
  };
  std::string out = "\nIngot takes deliveries at " + node_url(as_listening) + "/webhook\n";
  out += "  data folder      " + folder.string() + "\n";
  out += "  database         " +
         (of.database.url.empty() ? std::string{"embedded, in the data folder"} : mask_password(of.database.url)) + "\n";
  if (made.webhook) {
    for (const auto& x : of.github)
      if (x.name == "default")
        out += "  webhook secret   " + made_just_now(x.secret, webhook_secret_file);
  } else if (of.github.empty()) {
    out += "  webhook secret   none: deliveries are answered with 503. Set GITHUB_WEBHOOK_SECRET, or start with "
           "--generate-secrets\n";
  } else if (from.values.github.empty()) {
    out += "  webhook secret   kept in " + kept_in(webhook_secret_file) + "\n";
  }
  if (!made.admin && from.values.admin_token.empty())
    out += "  admin token      kept in " + kept_in(admin_token_file) + "\n";
  if (made.admin)
    out += "  admin token      " + made_just_now(of.admin_token, admin_token_file);
  auto prefix = "    " + needed_environment(from, port) + shell_word(program);
  if (!of.github.empty())
    out += "\nSend a first delivery from another terminal:\n" + prefix + " send --example\n";
  return out + (of.github.empty() ? "\nSee what arrived:\n" : "and see what arrived:\n") + prefix + " deliveries list\n\n";
}

int serve(loaded_config config, const std::string& program, const serve_function& run, const terminal& to) {
  if (!config.problems.empty()) {
    print_problems(config, to);
    return misconfigured;
  }
  log::configure(config.values.log);
  if (const auto off = test_switches_off(); !off.empty())
    log::warn("protections are switched off for a test: what this node keeps is not to be trusted", {{"off", off}});
  // One node owns a data folder: whatever lies in it changes only under the lock.
  const auto lock = storage::data_lock{config.values.data_dir};
  serve_request request;
  request.values = config.values;
  request.loaded = std::move(config); // without what lies in the data folder
  auto made = ensure_secrets(request.values, request.values.data_dir);
  log::hide(secret_texts(request.values));
  request.announce = [&to, made, program, values = request.values, loaded = request.loaded](std::uint16_t port) {
    log::info("listening", {{"address", values.server.listen}, {"port", static_cast<std::int64_t>(port)}});
    to.out << welcome(values, loaded, made, program, port, to.seen) << std::flush;
  };
  return run(std::move(request));
}

} // namespace ingot::commands
