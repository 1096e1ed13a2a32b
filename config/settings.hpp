#pragma once

#include "model/job.hpp"
#include "model/password.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot {

using milliseconds = std::chrono::milliseconds;
using seconds = std::chrono::seconds;

/// The HTTP server.
struct server_settings {
  std::string listen = "127.0.0.1"; ///< address; loopback until somebody decides otherwise
  std::uint16_t port = 8787;
  unsigned io_threads = 1;     ///< one io_context each, SO_REUSEPORT
  std::string tls_certificate; ///< PEM chain; empty: plain HTTP
  std::string tls_private_key;
  std::size_t head_bytes_max = 16 * 1024;        ///< request line and header fields
  std::size_t body_bytes_max = 25 * 1024 * 1024; ///< GitHub's own cap
  std::size_t connections_max = 4096;
  std::size_t connections_per_address_max = 1024;      ///< one sender's connections
  std::size_t requests_in_flight_max = 4096;           ///< admitted and not yet answered; past it 429
  std::size_t bytes_in_flight_max = 128 * 1024 * 1024; ///< bodies of those; past it 429
  std::size_t requests_per_sender_max = 8;          ///< with the node at a time while others ask, too; more wait for their turn
  milliseconds turn_timeout{5'000};                 ///< a request that has waited so long for its turn is answered 429
  milliseconds head_timeout{10'000};                ///< from the first byte to the end of the head
  std::size_t body_bytes_per_second_min = 4 * 1024; ///< slower bodies are cut (after body_grace)
  milliseconds body_grace{10'000};
  milliseconds idle_timeout{60'000};  ///< keep-alive without a request
  milliseconds write_timeout{20'000}; ///< an answer that nobody reads
  milliseconds drain_timeout{15'000}; ///< SIGTERM: unfinished requests get this long
  milliseconds drain_idle{1'000};     ///< SIGTERM: idle connections are kept so long, for requests that are on their way
  std::string trusted_proxies;        ///< networks whose X-Forwarded-For and Forwarded are believed: `10.0.0.0/8 ::1`
};

/// The database.
struct database_settings {
  std::string url; ///< empty: the embedded cluster in data_dir
  unsigned writers = 1;
  unsigned readers = 2;
  milliseconds statement_timeout{2'000}; ///< a statement (or COMMIT) that takes longer means: away; the spool takes over
  milliseconds connect_timeout{2'000};
  milliseconds probe_interval{250};               ///< how often a database that is away is looked for
  std::size_t batch_items_max = 512;              ///< deliveries in one transaction
  std::size_t batch_bytes_max = 16 * 1024 * 1024; ///< compressed bodies in one transaction
};

/// The local spool.
struct spool_settings {
  std::size_t bytes_max = 4ull * 1024 * 1024 * 1024; ///< past it 503
  std::size_t drain_items = 256;                     ///< in one transaction while draining
};

/// The keyed actors.
struct actor_settings {
  unsigned scheduler_threads = 1;
  std::size_t repositories_max = 20'000;       ///< live REPOSITORY actors; the longest idle ones are let go
  milliseconds repository_idle{60'000};        ///< idle this long: let go
  std::size_t repository_commit_max = 16;      ///< deliveries of one repository in one transaction
  std::size_t knowledge_bytes_max = 64 * 1024; ///< cached by one REPOSITORY
};

/// The sites that push their module inventories.
struct site_settings {
  unsigned syncs_per_hour = 60;                       ///< of one site; past it 429. 0: no limit
  milliseconds sync_interval{3'600'000};              ///< how often a site is asked to come (next_sync_after)
  std::size_t body_bytes_max = 16 * 1024 * 1024;      ///< of one sync, and what it may unpack to; past it 413
  std::size_t async_modules = 2'000;                  ///< a sync of more modules becomes a job (202)
  std::size_t async_bytes = 4 * 1024 * 1024;          ///< a sync with a larger body becomes a job
  unsigned parsers = 1;                               ///< threads that unpack and parse bodies
  unsigned writers = 2;                               ///< connections that commit syncs; sites are divided among them
  std::size_t commit_modules_max = 4'000;             ///< modules of the syncs in one transaction
  std::size_t modules_known_max = 20'000;             ///< modules that one site may ever name; past it 422
  std::size_t bytes_in_flight_max = 64 * 1024 * 1024; ///< unpacked bodies that are parsed or wait; past it 429
  std::size_t waiting_max = 64;                       ///< syncs of one site that wait for their turn; past it 429
  std::size_t sites_max = 5'000;                      ///< live SITE actors; the longest idle ones are let go
  milliseconds site_idle{600'000};                    ///< idle this long: let go
};

/// The application that sends events and crawl items. Its tokens are live at the same time.
struct application_settings {
  std::string token; ///< empty: the doors answer 503
  std::string token_previous;
  std::string notify_url;    ///< of its webhook; empty: it is told nothing
  std::string notify_secret; ///< `whsec_` and base64 (Standard Webhooks): what it is told is signed with it
};

/// Application events.
struct event_settings {
  std::string types = "VIEW COPY SAVE UNSAVE FORK VOTE UNVOTE COMMENT DONATE";
  std::size_t per_request_max = 1'000;
  milliseconds ahead_max{86'400'000};     ///< a `ts` further ahead is refused
  unsigned age_days_max = 30;             ///< an older `ts` is refused
  milliseconds view_window{600'000};      ///< one VIEW of an address and rule is stored in it
  unsigned requests_per_minute = 60;      ///< of one address; 0: no limit
  unsigned address_key_days = 7;          ///< addresses are hashed with another key after so many days
  std::size_t commit_events_max = 10'000; ///< in one transaction
};

/// Crawl items.
struct crawl_settings {
  std::size_t items_max = 500;       ///< in one request
  unsigned requests_per_minute = 30; ///< of one address; 0: no limit
};

/// The full-text search.
struct search_settings {
  std::string language = "english"; ///< PostgreSQL's text search configuration of the next rebuild
};

/// MCP servers: their manifests.
struct mcp_settings {
  std::string default_schema = "2025-12-11";                            ///< of a manifest that names no version
  std::string accepted_schemas;                                         ///< dates with blanks between; empty: all that are known
  std::string manifest_paths = "server.json mcp.json .mcp/server.json"; ///< of a repository that names none; as in .gitignore
  unsigned validations_per_minute = 120;                                ///< of one address; 0: no limit
  unsigned reads_per_minute = 600;                                      ///< of the registry by one address; 0: no limit
};

/// Stripe's webhook and API.
struct stripe_settings {
  std::string webhook_secret; ///< `whsec_…`; empty: the door answers 503
  std::string webhook_secret_previous;
  std::string secret_key; ///< `sk_…` or `rk_…`, for the missed-event check; empty: none is made
  std::string api_url = "https://api.stripe.com";
  milliseconds tolerance{300'000};        ///< between a signature's time and its receipt, either way
  milliseconds check_interval{3'600'000}; ///< of missed events; 0: never
};

/// Who may call what runs by the clock. Its secrets are live at the same time.
struct cron_settings {
  std::string secret; ///< empty: the doors answer 503
  std::string secret_previous;
};

/// Daily metrics and leaderboards.
struct rollup_settings {
  milliseconds interval{3'600'000};     ///< 0: only when asked
  unsigned days = 7;                    ///< window of the trending score
  double decay = 0.1;                   ///< lambda of the trending score, by day
  double fork_weight = 0.3;             ///< of one FORK in it
  unsigned views_per_day_max = 5;       ///< of one address and rule that count on a day
  std::string currency = "usd";         ///< whose donations add up in donations_cents
  milliseconds step_timeout{3'600'000}; ///< of one statement
};

/// Follow-up jobs.
struct job_settings {
  unsigned running_max = 256;      ///< of this node at a time
  milliseconds poll_interval{500}; ///< finds what other nodes enqueued, and what is due again
  milliseconds lease{10'000};      ///< renewed thrice in it; a node that is gone gives its jobs up after it
  bool noop = false;               ///< run jobs of kind `noop`
  job_policy other;                ///< kinds without settings of their own
  job_policy site_sync{.running_max = 8, .attempts_max = 5, .backoff_base = milliseconds{500}, .backoff_cap = seconds{60}};
  job_policy site_notify{.running_max = 32, .attempts_max = 10, .backoff_base = seconds{5}, .backoff_cap = seconds{3'600}};
  job_policy content_sync{.running_max = 4, .attempts_max = 12, .backoff_base = seconds{2}, .backoff_cap = seconds{3'600}};
  /// A run goes on where an attempt was killed, so one that fails again and again is retried for most of a day.
  job_policy nightly_run{.running_max = 1, .attempts_max = 30, .backoff_base = seconds{2}, .backoff_cap = seconds{1'800}};
  job_policy pull_request_files{.running_max = 4, .attempts_max = 12, .backoff_base = seconds{2}, .backoff_cap = seconds{3'600}};
  job_policy mail{.running_max = 2, .attempts_max = 10, .backoff_base = seconds{30}, .backoff_cap = seconds{3'600}};
  job_policy manifest_check{.running_max = 8, .attempts_max = 12, .backoff_base = seconds{2}, .backoff_cap = seconds{3'600}};
  job_policy releases_fetch{.running_max = 1, .attempts_max = 6, .backoff_base = seconds{30}, .backoff_cap = seconds{3'600}};
};

/// The policy of a kind of job.
const job_policy& policy_of(const job_settings& of, std::string_view kind) noexcept;

/// What is kept and for how long.
struct retention_settings {
  unsigned deliveries_days = 30;
  unsigned delivery_ids_days = 45; ///< longer than any sender's redelivery window (GitHub: 3 days)
  unsigned jobs_days = 7;          ///< that succeeded
  unsigned jobs_failed_days = 90;  ///< that failed or are dead
  unsigned syncs_days = 90;
  unsigned events_days = 90; ///< application events; a day is dropped once it is rolled up
};

/// What is asked of Drupal's update server.
struct drupal_settings {
  std::string releases_url = "https://updates.drupal.org/release-history"; ///< `/{project}/current` follows
  milliseconds releases_interval{0};                                       ///< every project that sites report; 0: never
  milliseconds releases_pause{1'000};                                      ///< between two requests of this node
};

/// Outbound webhooks: those of sites, and the application's.
struct notify_settings {
  milliseconds timeout{10'000};
  bool private_addresses = false; ///< may they be called on private and loopback addresses?
};

/// GitHub's API.
struct github_api_settings {
  std::string url = "https://api.github.com"; ///< of a GitHub Enterprise Server: `https://HOST/api/v3`
  std::string web_url = "https://github.com"; ///< where people install our App
  std::string token;                          ///< a personal access token for what has no credential of its own
  std::string app_id;                         ///< of our GitHub App, or its client id; empty: none
  std::string app_slug;                       ///< of its page: `/apps/SLUG`; empty: asked for
  std::string app_private_key;                ///< PEM, or the path of a PEM file
  std::string client_id;                      ///< of our GitHub App: refreshes user tokens
  std::string client_secret;
  std::string trusted_certificate;      ///< PEM file that is trusted beside the system's; empty: none
  milliseconds timeout{30'000};         ///< without a byte from GitHub for so long a request has failed
  unsigned connections_max = 16;        ///< to one host at a time
  unsigned requests_at_once = 80;       ///< of one budget over all nodes; GitHub allows 100
  unsigned points_per_minute = 800;     ///< of one budget over all nodes, REST; GitHub allows 900
  unsigned reserve_percent = 20;        ///< of a budget that background work may never take
  milliseconds permit_wait_max{60'000}; ///< a request waits so long for its permit; then its job is put off
  std::string hook;                     ///< whose delivery log is looked through: empty: the App's; else `owner/repo/HOOK_ID`
  milliseconds deliveries_interval{300'000}; ///< between two looks; 0: never
};

/// Contents of repositories that are followed.
struct content_settings {
  milliseconds fallback_interval{3'600'000};      ///< each repository is looked after so often when no webhook came; 0: never
  unsigned fallback_batch = 50;                   ///< repositories of one job
  std::size_t file_bytes_max = 100 * 1024 * 1024; ///< larger files are recorded and skipped
  std::size_t files_max = 1'000'000;              ///< of one repository; one with more is not synced
  std::size_t request_bytes = 256 * 1024;         ///< one request is worth so many bytes when the cheapest way is looked for
  unsigned repositories_per_user_max = 10'000;
  std::string track_new_repositories = "none"; ///< that come to an installation: `none`, or `all` are followed
  bool git_local_paths = false;                ///< may a git remote be a path of this machine?
  bool private_addresses = false;              ///< may a git remote be on private and loopback addresses?
  unsigned syncs_days = 90;                    ///< records of syncs and their changes are kept; the newest sync always
  std::string changes_url;                     ///< a webhook that is told of every sync that changed files; empty: none
  std::string changes_secret;                  ///< `whsec_` and base64 (Standard Webhooks): signs it
};

/// The nightly sync of all repositories that are followed.
struct nightly_settings {
  std::string schedule = "0 3 * * *"; ///< a cron expression; empty: never by the clock
  std::string time_zone = "UTC";      ///< of the IANA database
  milliseconds jitter{1'800'000};     ///< it begins up to so much later, so that not all nodes of the world ask at once
  std::string depth = "incremental";  ///< or `full`: every repository is synced, moved or not
  std::string parts = "content metadata manifest readme";
  std::string repositories;              ///< `owner/name` or `owner/*`, with blanks between; empty: all
  unsigned batch = 100;                  ///< repositories that are looked at and recorded together
  unsigned concurrency = 8;              ///< of those that have to be asked for one by one, so many at a time
  unsigned failed_percent_max = 5;       ///< past it an alert
  milliseconds run_time_max{21'600'000}; ///< past it an alert
  milliseconds missed_after{7'200'000};  ///< a run that did not begin so long after its time was missed: an alert
  std::string alert_url;                 ///< a webhook that is told of alerts; empty: none
  std::string alert_secret;              ///< `whsec_` and base64 (Standard Webhooks): signs it
};

/// Where contents are kept.
struct blob_settings {
  std::filesystem::path folder;           ///< empty: `blobs` in data_dir
  unsigned zstd_level = 3;                ///< 1 to 19
  milliseconds grace{86'400'000};         ///< a blob that no file refers to any more is kept so long
  milliseconds sweep_interval{3'600'000}; ///< 0: never
  std::string s3_url;                     ///< `https://s3.eu-west-1.amazonaws.com`; empty: the folder is used
  std::string s3_bucket;
  std::string s3_region = "us-east-1";
  std::string s3_prefix; ///< of every object's name
  std::string s3_access_key;
  std::string s3_secret_key;
  milliseconds s3_timeout{60'000};
};

/// The mail server that takes what the node sends.
struct smtp_settings {
  std::string url; ///< `smtp://mail.example.org:587`; `smtps://` for TLS from the first byte; empty: no mail is sent
  std::string user;
  std::string password;
  std::string from;                ///< address of the sender
  std::string from_name = "Ingot"; ///< what people see of it
  bool tls = true;                 ///< STARTTLS, or nothing is sent; false: only for a server on this machine
  std::string trusted_certificate; ///< PEM file that is trusted instead of the system's; empty: the system's
  milliseconds timeout{30'000};    ///< to connect, and of one mail without the server's last word
};

/// Submissions of MCP servers.
struct submission_settings {
  std::string public_url;            ///< of this node, as people reach it: what links in mails begin with
  unsigned requests_per_minute = 10; ///< of one address; 0: no limit
  unsigned pending_max = 20;         ///< of one submitter that wait at a time
  unsigned daily_max = 50;           ///< of one submitter within 24 hours
  std::string notify_url;            ///< a webhook that is told of every step; empty: none
  std::string notify_secret;         ///< `whsec_` and base64 (Standard Webhooks): signs it
};

/// The console, a page for operators and reviewers.
struct console_settings {
  std::filesystem::path folder;                ///< of its built files; empty: looked for beside the program
  milliseconds session_timeout{43'200'000};    ///< from signing in; then one signs in again
  unsigned sign_ins_per_minute = 10;           ///< of one address, and for one name; 0: no limit
  std::size_t password_memory = 19'456 * 1024; ///< of one Argon2id hashing; what OWASP asks for at least, with two passes
  unsigned password_passes = 2;
};

/// What hashing a new password costs.
password_cost cost_of(const console_settings& of) noexcept;

/// One GitHub webhook endpoint. Its secrets are live at the same time.
struct github_endpoint {
  std::string name = "default";
  std::string secret;
  std::string secret_previous;
};

enum class log_format : std::uint8_t { json, text };

struct log_settings {
  std::string level = "info"; ///< trace | debug | info | warn | error | off
  log_format format = log_format::json;
};

struct settings {
  std::filesystem::path data_dir = "./data";
  server_settings server;
  database_settings database;
  spool_settings spool;
  actor_settings actors;
  site_settings sites;
  application_settings application;
  event_settings events;
  crawl_settings crawl;
  search_settings search;
  mcp_settings mcp;
  stripe_settings stripe;
  cron_settings cron;
  rollup_settings rollup;
  job_settings jobs;
  retention_settings retention;
  drupal_settings drupal;
  notify_settings notify;
  github_api_settings github_api;
  content_settings contents;
  blob_settings blobs;
  smtp_settings smtp;
  submission_settings submissions;
  console_settings console;
  nightly_settings nightly;
  log_settings log;
  std::vector<github_endpoint> github;  ///< none with a secret: the route answers 503
  bool generate_webhook_secret = false; ///< make one at the first start when none is configured
  std::string admin_token;              ///< empty: made at the first start, kept in data_dir
  std::string master_key;               ///< base64 of 32 bytes: seals secrets in rows; empty: as the admin token
  std::string master_key_previous;      ///< opens what was sealed before `ingot keys rotate-master`; empty: none
  bool master_key_in_file = false;      ///< no setting: the key was read from data_dir, where a rotation changes it
};

} // namespace ingot
