#include "commands/command_line.hpp"

#include "commands/audit.hpp"
#include "commands/backup.hpp"
#include "commands/check_config.hpp"
#include "commands/crawl_sources.hpp"
#include "commands/deliveries.hpp"
#include "commands/doctor.hpp"
#include "commands/drupal_releases.hpp"
#include "commands/health.hpp"
#include "commands/jobs.hpp"
#include "commands/keys.hpp"
#include "commands/manifest.hpp"
#include "commands/migrate.hpp"
#include "commands/nightly.hpp"
#include "commands/psql.hpp"
#include "commands/restore.hpp"
#include "commands/reviewers.hpp"
#include "commands/send.hpp"
#include "commands/serve.hpp"
#include "commands/site_webhook.hpp"
#include "commands/sites.hpp"
#include "commands/sync.hpp"
#include "commands/table.hpp"
#include "commands/users.hpp"
#include "config/nearest_name.hpp"
#include "model/json_object.hpp"
#include "telemetry/log.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>

namespace ingot {

namespace {

using namespace commands;

timestamp wall_clock() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// What the words of the command line say. The command that was named puts its work into `chosen`.
struct command_line {
  CLI::App app{"Ingot takes GitHub webhooks and leaves clean rows in PostgreSQL."};
  std::string program;
  serve_function run_node;
  std::string config_file;
  bool json = false;
  bool generate = false;
  bool explain = false;
  bool example = false;
  bool body = false;
  bool force = false;
  std::vector<std::string> words;
  std::string id;
  std::vector<std::int64_t> numbers;
  list_options listing;
  job_list_options job_listing;
  send_options sending;
  site_options site;
  source_options source;
  user_options user;
  reviewer_options reviewer;
  sync_options syncing;
  site_webhook_options webhook;
  rotate_options rotation;
  doctor_options doctoring;
  backup_options backing_up;
  restore_options restoring;
  bool master = false;
  std::string secret;
  std::function<int()> chosen;

  terminal to() const { return {std::cout, std::cerr, json, wants_colour(STDOUT_FILENO) && !json, is_terminal(STDOUT_FILENO)}; }

  loaded_config load() const {
    auto out = load_config(
        {config_file.empty() ? std::nullopt : std::optional<std::filesystem::path>{config_file}, process_environment()});
    out.values.generate_webhook_secret = out.values.generate_webhook_secret || generate;
    return out;
  }

  /// Settings for a command that needs sound ones: `work` is called with them. The log is for people then.
  int with_settings(const std::function<int(const settings&)>& work) const {
    auto config = load();
    if (!config.problems.empty()) {
      print_problems(config, to());
      return misconfigured;
    }
    log::configure({config.values.log.level == "debug" || config.values.log.level == "trace" ? config.values.log.level : "warn",
                    log_format::text});
    log::hide(secret_texts(config.values));
    return work(config.values);
  }

  CLI::App* command(CLI::App& parent, const std::string& name, const std::string& text, std::function<int()> work) {
    auto* out = parent.add_subcommand(name, text);
    out->callback([this, work = std::move(work)] { chosen = work; });
    return out;
  }

  void add_json(CLI::App* to_command) { to_command->add_flag("--json", json, "results as JSON"); }
};

void add_node_commands(command_line& c) {
  auto* serve_command = c.command(c.app, "serve", "run the node in the foreground",
                                  [&c] { return serve(c.load(), c.program, c.run_node, c.to()); });
  serve_command->footer(
      "Port, data folder, database and all else are settings: PORT, INGOT_DATA_DIR, DATABASE_URL, … or a file.\n"
      "All of them: ingot check-config --explain");
  serve_command->add_flag("--generate-secrets,--first-run", c.generate,
                          "make a webhook secret when none is configured, and keep it in the data folder");
  auto* migrate_command = c.command(c.app, "migrate", "bring the database's schema to this version",
                                    [&c] { return c.with_settings([&](const settings& s) { return migrate(s, c.to()); }); });
  c.add_json(migrate_command);
  auto* psql_command =
      c.command(c.app, "psql", "open psql on the node's database, embedded or not; arguments go to psql (-c SQL)",
                [&c] { return c.with_settings([&](const settings& s) { return psql(s, c.words); }); });
  psql_command->prefix_command();
  psql_command->set_help_flag();
  auto* version_command = c.command(c.app, "version", "print the version", [&c] {
    c.to().out << (c.json ? json_object{}.add("version", INGOT_VERSION).text() : std::string{"ingot " INGOT_VERSION}) << '\n';
    return done;
  });
  c.add_json(version_command);
}

void add_checks(command_line& c) {
  auto* check =
      c.command(c.app, "check-config", "name every mistake in the configuration with its line; show what is in effect", [&c] {
        if (c.explain || c.example) {
          c.to().out << (c.explain ? explain_settings() : example_toml());
          return done;
        }
        return check_config(c.load(), c.to());
      });
  check->add_flag("--explain", c.explain, "print every setting with its names, default, range and reason (Markdown)");
  check->add_flag("--example", c.example, "print a settings file with every setting at its default");
  c.add_json(check);
  auto* doctor_command = c.command(c.app, "doctor", "look for what keeps the node from working, and say what to do", [&c] {
    log::configure({"off", log_format::text});
    return doctor(c.load(), c.doctoring, wall_clock, c.to());
  });
  doctor_command->add_flag("--online", c.doctoring.online, "ask GitHub, too, whether it takes the token and the App's key");
  c.add_json(doctor_command);
  c.command(c.app, "health", "does the node answer? exit code 0 or 1, for a container's or a supervisor's check",
            [&c] { return c.with_settings([&](const settings& s) { return health(s, c.to()); }); });
}

void add_deliveries(command_line& c) {
  auto* group = c.app.add_subcommand("deliveries", "look at what was delivered, and apply it again");
  group->require_subcommand(1);
  auto* list = c.command(*group, "list", "the newest deliveries", [&c] {
    return c.with_settings([&](const settings& s) { return list_deliveries(s, c.listing, wall_clock(), c.to()); });
  });
  list->add_option("--limit", c.listing.limit, "how many (20)")->check(CLI::Range(1, 1000));
  list->add_option("--event", c.listing.event, "only this event: pull_request, push, …");
  list->add_option("--repository", c.listing.repository, "only this repository: owner/name, or its numeric id");
  list->add_option("--outcome", c.listing.outcome, "only this outcome")->check(CLI::IsMember({"stored", "ignored", "failed"}));
  list->add_option("--since", c.listing.since, "not older: 2024-05-01T10:00:00Z, or 30m, 2h, 7d");
  list->add_option("--after", c.listing.after, "the next page: what the page before ended with");
  c.add_json(list);
  auto* show = c.command(*group, "show", "everything known of one delivery", [&c] {
    return c.with_settings([&](const settings& s) { return show_delivery(s, c.id, c.body, c.to()); });
  });
  show->add_option("delivery", c.id, "its id (X-GitHub-Delivery)")->required();
  show->add_flag("--body", c.body, "print the raw body alone");
  c.add_json(show);
  auto* replay = c.command(*group, "replay", "let the running node apply deliveries again", [&c] {
    return c.with_settings([&](const settings& s) { return replay_deliveries(s, c.words, c.to()); });
  });
  replay->add_option("delivery", c.words, "their ids")->required();
  c.add_json(replay);
}

void add_page_options(command_line& c, CLI::App* to) {
  to->add_option("--limit", c.site.limit, "how many (100)")->check(CLI::Range(1, 1000));
  to->add_option("--after", c.site.after, "the next page: what the page before ended with");
  c.add_json(to);
}

/// A command whose argument is a site's id.
CLI::App* add_site_command(command_line& c, CLI::App* group, const std::string& name, const std::string& text,
                           std::function<int(const settings&)> work) {
  auto* out = c.command(*group, name, text, [&c, work = std::move(work)] { return c.with_settings(work); });
  out->add_option("site", c.site.id, "its id")->required()->check(CLI::PositiveNumber);
  return out;
}

void add_site_webhook(command_line& c, CLI::App* group) {
  auto* notify = c.command(*group, "notify", "set the webhook that is told of a site's syncs; prints its secret once", [&c] {
    c.webhook.secret = c.webhook.off ? std::string{} : read_webhook_secret(c.secret, process_environment(), std::cin);
    return c.with_settings([&](const settings& s) { return set_site_webhook(s, c.webhook, wall_clock(), c.to()); });
  });
  notify->add_option("--site", c.webhook.site, "the site's id")->required();
  notify->add_option("--url", c.webhook.url, "where to post: https://…");
  notify->add_option("--secret", c.secret,
                     "-: read it (whsec_…) from standard input; or set INGOT_NOTIFY_SECRET; else one is made");
  notify->add_flag("--off", c.webhook.off, "take the webhook away");
  c.add_json(notify);
}

void add_sites(command_line& c) {
  auto* group = c.app.add_subcommand("sites", "the Drupal sites that push their module inventories");
  group->require_subcommand(1);
  auto* add = c.command(*group, "add", "let a site in; its key is made with `ingot keys create`", [&c] {
    return c.with_settings([&](const settings& s) { return add_site(s, c.site, wall_clock(), c.to()); });
  });
  add->add_option("--name", c.site.name, "what people call it")->required();
  add->add_option("--id", c.site.id, "its id; else the next free one")->check(CLI::PositiveNumber);
  c.add_json(add);
  add_page_options(c, c.command(*group, "list", "the sites, by id", [&c] {
    return c.with_settings([&](const settings& s) { return list_sites(s, c.site, c.to()); });
  }));
  c.add_json(add_site_command(c, group, "show", "one site, and how much it has installed",
                              [&c](const settings& s) { return show_site(s, c.site, c.to()); }));
  c.add_json(add_site_command(c, group, "disable", "refuse its keys from now on",
                              [&c](const settings& s) { return set_site_disabled(s, c.site, true, wall_clock(), c.to()); }));
  c.add_json(add_site_command(c, group, "enable", "take its keys again",
                              [&c](const settings& s) { return set_site_disabled(s, c.site, false, wall_clock(), c.to()); }));
  auto* modules = add_site_command(c, group, "modules", "what it has and had installed, by machine name",
                                   [&c](const settings& s) { return list_site_modules(s, c.site, c.to()); });
  modules->add_flag("--needs-security-update", c.site.insecure, "only what misses a security update");
  add_page_options(c, modules);
  add_site_webhook(c, group);
}

/// A command whose argument is a source's id.
CLI::App* add_source_command(command_line& c, CLI::App* group, const std::string& name, const std::string& text,
                             std::function<int(const settings&)> work) {
  auto* out = c.command(*group, name, text, [&c, work = std::move(work)] { return c.with_settings(work); });
  out->add_option("source", c.source.id, "its id: letters, digits, `.`, `_` and `-`")->required();
  c.add_json(out);
  return out;
}

void add_sources(command_line& c) {
  auto* group = c.app.add_subcommand("sources", "the partners that send crawl items");
  group->require_subcommand(1);
  add_source_command(c, group, "add", "take a partner's items at POST /ingest/crawl", [&c](const settings& s) {
    return add_crawl_source(s, c.source, wall_clock(), c.to());
  })->add_option("--name", c.source.name, "what people call it; else its id");
  auto* list = c.command(*group, "list", "the sources, by id", [&c] {
    return c.with_settings([&](const settings& s) { return list_crawl_sources(s, c.source, c.to()); });
  });
  list->add_option("--limit", c.source.limit, "how many (100)")->check(CLI::Range(1, 1000));
  list->add_option("--after", c.source.after, "the next page: what the page before ended with");
  c.add_json(list);
  add_source_command(c, group, "disable", "refuse its items from now on",
                     [&c](const settings& s) { return set_crawl_source_disabled(s, c.source, true, wall_clock(), c.to()); });
  add_source_command(c, group, "enable", "take its items again",
                     [&c](const settings& s) { return set_crawl_source_disabled(s, c.source, false, wall_clock(), c.to()); });
}

void add_keys(command_line& c) {
  auto* group = c.app.add_subcommand("keys", "the sites' API keys, and the master key");
  group->require_subcommand(1);
  auto* create = c.command(*group, "create", "make a key and print it, this once", [&c] {
    return c.with_settings([&](const settings& s) { return create_key(s, c.site, wall_clock(), c.to()); });
  });
  create->add_option("--site", c.site.id, "the site's id")->required()->check(CLI::PositiveNumber);
  create->add_option("--name", c.site.name, "what the key is for");
  c.add_json(create);
  auto* list = c.command(*group, "list", "the keys, by id, without their texts", [&c] {
    return c.with_settings(
        [&](const settings& s) { return c.master ? list_master_keys(s, c.to()) : list_keys(s, c.site, c.to()); });
  });
  list->add_option("--site", c.site.id, "only this site's")->check(CLI::PositiveNumber);
  list->add_flag("--master", c.master, "instead: the master keys in use, and how much each of them seals");
  add_page_options(c, list);
  auto* revoke = c.command(*group, "revoke", "end a key", [&c] {
    return c.with_settings([&](const settings& s) { return revoke_key(s, c.site, wall_clock(), c.to()); });
  });
  revoke->add_option("key", c.site.key, "its id, or its first 12 characters")->required();
  c.add_json(revoke);
  auto* rotate = c.command(*group, "rotate-master", "seal everything anew with another master key, while nodes run", [&c] {
    return c.with_settings([&](const settings& s) { return rotate_master_key(s, c.rotation, wall_clock(), c.to()); });
  });
  rotate->add_flag("--drop-previous", c.rotation.drop_previous,
                   "instead: forget the previous key in the data folder, if nothing is sealed with it any more");
  c.add_json(rotate);
}

void add_users(command_line& c) {
  auto* group = c.app.add_subcommand("users", "users who follow repositories, and their API keys");
  group->require_subcommand(1);
  auto* add = c.command(*group, "add-key", "make a key of a user and print it, this once", [&c] {
    return c.with_settings([&](const settings& s) { return add_user_key(s, c.user, wall_clock(), c.to()); });
  });
  add->add_option("user", c.user.id, "the user's id: letters, digits and . _ - @ : +")->required();
  add->add_option("--name", c.user.name, "what the key is for");
  c.add_json(add);
  auto* list = c.command(*group, "list-keys", "the keys, by id, without their texts",
                         [&c] { return c.with_settings([&](const settings& s) { return list_user_keys(s, c.user, c.to()); }); });
  list->add_option("user", c.user.id, "only this user's");
  list->add_option("--limit", c.user.limit, "how many (100)")->check(CLI::Range(1, 1000));
  list->add_option("--after", c.user.after, "the next page: what the page before ended with");
  c.add_json(list);
  auto* revoke = c.command(*group, "revoke-key", "end a key", [&c] {
    return c.with_settings([&](const settings& s) { return revoke_user_key(s, c.user, wall_clock(), c.to()); });
  });
  revoke->add_option("key", c.user.key, "its id")->required()->check(CLI::PositiveNumber);
  c.add_json(revoke);
}

void add_reviewers(command_line& c) {
  auto* group = c.app.add_subcommand("reviewers", "people who sign in to the console");
  group->require_subcommand(1);
  const auto with_password = [&c](CLI::App* to) {
    to->add_option("name", c.reviewer.name, "lower-case letters, digits and . _ -")->required();
    to->add_flag("--password-stdin", c.reviewer.password_on_stdin,
                 "take the password from the first line of standard input; else one is made");
    c.add_json(to);
  };
  auto* add = c.command(*group, "add", "let somebody sign in; prints the password that it makes, this once", [&c] {
    return c.with_settings([&](const settings& s) { return add_reviewer(s, c.reviewer, wall_clock(), c.to()); });
  });
  with_password(add);
  add->add_option("--email", c.reviewer.email, "where to write to")->required();
  add->add_option("--role", c.reviewer.role, "reviewer (judges submissions) or admin (does everything)")
      ->check(CLI::IsMember({"reviewer", "admin"}));
  auto* list = c.command(*group, "list", "all of them, by id", [&c] {
    return c.with_settings([&](const settings& s) { return list_reviewers(s, c.reviewer, c.to()); });
  });
  list->add_option("--limit", c.reviewer.limit, "how many (100)")->check(CLI::Range(1, 1000));
  list->add_option("--after", c.reviewer.after, "the next page: what the page before ended with");
  c.add_json(list);
  auto* remove = c.command(*group, "remove", "end an account and its sessions", [&c] {
    return c.with_settings([&](const settings& s) { return remove_reviewer(s, c.reviewer, wall_clock(), c.to()); });
  });
  remove->add_option("name", c.reviewer.name, "whose")->required();
  c.add_json(remove);
  with_password(c.command(*group, "password", "give another password, and end the account's sessions", [&c] {
    return c.with_settings([&](const settings& s) { return change_reviewer_password(s, c.reviewer, wall_clock(), c.to()); });
  }));
}

void add_repositories(command_line& c) {
  auto* sync = c.command(c.app, "sync", "bring a followed repository, or all of them, up to date, by the running node", [&c] {
    return c.with_settings([&](const settings& s) {
      if (c.syncing.repository == "all")
        return sync_all(s, c.syncing.full, c.syncing.follow, wall_clock(), c.to());
      return sync_repository(s, c.syncing, wall_clock(), c.to());
    });
  });
  sync->add_option("repository", c.syncing.repository, "owner/name; or all: a nightly run, now")->required();
  sync->add_flag("--full", c.syncing.full, "list all files, even when the branch has not moved");
  sync->add_flag("--follow", c.syncing.follow, "wait for the end; exit with 1 when it fails");
  sync->add_flag("--add", c.syncing.add, "follow it first when it is not followed yet");
  sync->add_option("--user", c.syncing.user, "whose repository; else the node's own");
  c.add_json(sync);
  auto* group = c.app.add_subcommand("repositories", "the repositories whose contents are followed");
  group->require_subcommand(1);
  auto* list = c.command(*group, "list", "a user's, or the node's own, by id", [&c] {
    return c.with_settings([&](const settings& s) { return list_repositories(s, c.syncing, c.to()); });
  });
  list->add_option("--user", c.syncing.user, "whose; else the node's own");
  list->add_option("--limit", c.syncing.limit, "how many (100)")->check(CLI::Range(1, 1000));
  list->add_option("--after", c.syncing.after, "the next page: what the page before ended with");
  c.add_json(list);
}

void add_jobs(command_line& c) {
  auto* group = c.app.add_subcommand("jobs", "look at follow-up jobs, try them again, or bury them");
  group->require_subcommand(1);
  auto* list = c.command(*group, "list", "the newest jobs", [&c] {
    return c.with_settings([&](const settings& s) { return list_jobs(s, c.job_listing, c.to()); });
  });
  list->add_option("--limit", c.job_listing.limit, "how many (20)")->check(CLI::Range(1, 1000));
  list->add_option("--state", c.job_listing.state, "only those that are pending, running, succeeded, failed or dead")
      ->check(CLI::IsMember({"pending", "running", "succeeded", "failed", "dead"}));
  list->add_option("--kind", c.job_listing.kind, "only of this kind");
  list->add_option("--key", c.job_listing.key, "only of this key");
  list->add_option("--after", c.job_listing.after, "where the page before ended")->check(CLI::PositiveNumber);
  c.add_json(list);
  auto* show = c.command(*group, "show", "everything that is known of a job", [&c] {
    return c.with_settings([&](const settings& s) { return show_job(s, c.numbers.front(), c.to()); });
  });
  show->add_option("job", c.numbers, "its id")->required()->expected(1);
  c.add_json(show);
  auto* retry = c.command(*group, "retry", "let failed or dead jobs run again, with all their attempts", [&c] {
    return c.with_settings([&](const settings& s) { return retry_jobs(s, c.numbers, wall_clock(), c.to()); });
  });
  retry->add_option("job", c.numbers, "their ids")->required();
  c.add_json(retry);
  auto* bury = c.command(*group, "bury", "make pending jobs dead letters", [&c] {
    return c.with_settings([&](const settings& s) { return bury_jobs(s, c.numbers, wall_clock(), c.to()); });
  });
  bury->add_option("job", c.numbers, "their ids")->required();
  c.add_json(bury);
}

void add_audit(command_line& c) {
  auto* group = c.app.add_subcommand("audit", "the audit log");
  group->require_subcommand(1);
  auto* verify = c.command(*group, "verify", "look whether a line was changed, removed or inserted; exit with 1 when one was",
                           [&c] { return c.with_settings([&](const settings& s) { return verify_audit(s, c.id, c.to()); }); });
  verify->add_option("--anchor", c.id, "what an earlier run has printed: the chain must lead through it");
  c.add_json(verify);
}

void add_backups(command_line& c) {
  auto* save = c.command(c.app, "backup", "write database, spool, contents and secrets into a folder, while nodes run", [&c] {
    return c.with_settings([&](const settings& s) { return backup(s, c.backing_up, wall_clock(), c.to()); });
  });
  save->add_option("folder", c.backing_up.folder, "where to: it is made, or empty")->required();
  save->add_flag("--without-secrets", c.backing_up.without_secrets, "leave out the secrets and master keys of the data folder");
  save->add_flag("--without-database", c.backing_up.without_database,
                 "the spool and the secrets alone: of a further node of the same database");
  c.add_json(save);
  auto* bring_back =
      c.command(c.app, "restore", "verify a backup and bring it back, into an empty data folder and database",
                [&c] { return c.with_settings([&](const settings& s) { return restore(s, c.restoring, c.to()); }); });
  bring_back->add_option("folder", c.restoring.folder, "a backup")->required();
  bring_back->add_flag("--replace", c.restoring.replace, "what stands where it goes is lost; else it is refused");
  bring_back->add_flag("--verify", c.restoring.verify_only, "look whether the backup is whole, and do no more");
  c.add_json(bring_back);
}

void add_send(command_line& c) {
  auto* send_command = c.command(c.app, "send", "sign payload files as GitHub does and post them",
                                 [&c] { return c.with_settings([&](const settings& s) { return send(s, c.sending, c.to()); }); });
  send_command->add_option("file", c.sending.files, "payload files; - for standard input");
  send_command->add_flag("--example", c.sending.example, "a small pull request of our own instead of a file");
  send_command->add_option("--event", c.sending.event, "the event; else told by the file's folder or its keys");
  send_command->add_option("--url", c.sending.url, "where to; else the node of the settings");
  send_command->add_option("--secret", c.sending.secret,
                           "to sign with; else that of the settings (a command line can be read by others)");
  send_command->add_option("--delivery", c.sending.delivery, "the delivery id; else a random one");
  send_command->add_option("--count", c.sending.count, "how often, each as another delivery")->check(CLI::Range(1, 1'000'000));
  c.add_json(send_command);
}

void add_drupal(command_line& c) {
  auto* group = c.app.add_subcommand("drupal", "what the node knows of Drupal's projects");
  group->require_subcommand(1);
  auto* releases = group->add_subcommand("releases", "their releases, which tell who misses a security update");
  releases->require_subcommand(1);
  auto* import = c.command(*releases, "import", "import release histories (the XML of updates.drupal.org)", [&c] {
    const auto older = c.force ? storage::older_histories::taken : storage::older_histories::refused;
    return c.with_settings(
        [&](const settings& s) { return import_drupal_releases(s, c.words, std::cin, older, wall_clock(), c.to()); });
  });
  import->add_option("file", c.words, "files, folders (every .xml below them), - for standard input")->required();
  import->add_flag("--force", c.force, "also what is older than what is known: it takes newer releases away");
  c.add_json(import);
}

void add_manifests(command_line& c) {
  auto* group = c.app.add_subcommand("manifest", "manifests of MCP servers (server.json)");
  group->require_subcommand(1);
  auto* validate = c.command(*group, "validate", "judge a manifest; exit with 1 when it is not valid", [&c] {
    return c.with_settings([&](const settings& s) { return validate_manifest(s, c.words.front(), std::cin, c.to()); });
  });
  validate->add_option("file", c.words, "the manifest, - for standard input")->required()->expected(1);
  c.add_json(validate);
  c.command(*group, "guide", "what a manifest must be, as Markdown", [&c] { return describe_manifests(c.to()); });
}

/// What is wrong with the command that is named, or empty: the parser itself would only ask for one.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  auto known = std::vector<std::string>{};
  for (const auto* x : app.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(x->get_name());
  for (auto i = 1; i < argc; ++i) {
    const auto word = std::string_view{argv[i]};
    if (word == "--config")
      ++i;
    else if (!word.starts_with("-")) {
      if (std::find(known.begin(), known.end(), word) != known.end())
        return {};
      const auto near = nearest_name(word, known);
      return "there is no command `" + std::string{word} + "`" +
             (near.empty() ? "; `ingot --help` names all" : "; did you mean `" + std::string{near} + "`?");
    }
  }
  return {};
}

} // namespace

int run_command_line(int argc, char** argv, serve_function serve) {
  command_line c;
  c.program = argc > 0 ? argv[0] : "ingot";
  c.run_node = std::move(serve);
  c.app.name("ingot");
  c.app.require_subcommand(1);
  c.app.fallthrough(false);
  c.app.set_version_flag("--version", "ingot " INGOT_VERSION);
  c.app.add_option("--config", c.config_file, "settings file (else INGOT_CONFIG, else ./ingot.toml)");
  c.app.footer(
      "Exit codes: 0 done, 1 failed, 2 the command line or the configuration is wrong.\nSettings: ingot check-config --explain");
  add_node_commands(c);
  add_checks(c);
  add_deliveries(c);
  add_jobs(c);
  add_send(c);
  add_sites(c);
  add_keys(c);
  add_users(c);
  add_reviewers(c);
  add_repositories(c);
  add_sources(c);
  add_drupal(c);
  add_manifests(c);
  add_audit(c);
  add_backups(c);
  const auto groups = std::array<std::string_view, 12>{"psql",    "deliveries", "jobs",   "sites",        "keys",     "users",
                                                       "sources", "reviewers",  "drupal", "repositories", "manifest", "audit"};
  for (auto* x : c.app.get_subcommands({}))
    if (std::find(groups.begin(), groups.end(), x->get_name()) == groups.end())
      x->add_option("--config", c.config_file, "settings file (else INGOT_CONFIG, else ./ingot.toml)");
  if (const auto wrong = unknown_command(c.app, argc, argv); !wrong.empty()) {
    std::cerr << "ingot: " << presentable(wrong) << '\n';
    return misconfigured;
  }
  if (argc < 2) {
    std::cerr << c.app.help();
    return misconfigured;
  }
  try {
    c.app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return c.app.exit(e, std::cout, std::cerr) == 0 ? done : misconfigured;
  }
  try {
    // prefix_command leaves what follows to us.
    if (auto* x = c.app.get_subcommand("psql"); x->parsed())
      c.words = x->remaining();
    return c.chosen();
  } catch (const usage_error& e) {
    std::cerr << "ingot: " << presentable(e.what()) << '\n';
    return misconfigured;
  } catch (const std::exception& e) {
    std::cerr << "ingot: " << presentable(e.what()) << '\n';
    return failed;
  }
}

} // namespace ingot
