#include "config/setting_table.hpp"

#include "config/quantity.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace ingot {

namespace {

constexpr std::int64_t kib = 1024;
constexpr std::int64_t mib = 1024 * kib;
constexpr std::int64_t gib = 1024 * mib;
constexpr std::int64_t hour_ms = 3'600'000;

using unit = setting_unit;

/// The endpoint that `github.secret` and the environment speak of. Made on demand; the loader drops it again when it stays empty.
github_endpoint& default_endpoint(settings& s) {
  auto at = std::find_if(s.github.begin(), s.github.end(), [](const auto& x) { return x.name == "default"; });
  return at != s.github.end() ? *at : *s.github.emplace(s.github.begin());
}

// clang-format off
const setting table[] = {
  {.key = "data_dir", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.data_dir; },
   .help = "folder of everything that the node keeps on disk: the embedded database, the spool, generated secrets, the lock"},

  {.key = "server.listen", .environment = "INGOT_LISTEN", .slot = [](settings& s) -> setting_slot { return &s.server.listen; },
   .help = "IPv4 or IPv6 address to listen on; loopback until somebody decides otherwise. 0.0.0.0 or :: for all"},
  {.key = "server.port", .environment = "PORT", .slot = [](settings& s) -> setting_slot { return &s.server.port; },
   .least = 0, .most = 65535, .help = "TCP port; 0 takes a free one and logs it"},
  {.key = "server.io_threads", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.io_threads; },
   .least = 1, .most = 64, .help = "threads that read, verify, parse and compress"},
  {.key = "server.tls_certificate", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.tls_certificate; },
   .help = "PEM file with the certificate chain; empty: plain HTTP (behind a proxy). Read again on SIGHUP"},
  {.key = "server.tls_private_key", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.tls_private_key; },
   .help = "PEM file with its private key"},
  {.key = "server.head_bytes_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.head_bytes_max; },
   .unit = unit::bytes, .least = 1 * kib, .most = 1 * mib, .help = "request line and header fields of one request; past it 431"},
  {.key = "server.body_bytes_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.body_bytes_max; },
   .unit = unit::bytes, .least = 1 * kib, .most = 1 * gib, .help = "body of one request; past it 413. GitHub sends at most 25 MB"},
  {.key = "server.connections_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.connections_max; },
   .least = 1, .most = 1'000'000, .help = "open connections; past it new ones are closed. Needs as many file descriptors"},
  {.key = "server.connections_per_address_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.connections_per_address_max; },
   .least = 1, .most = 1'000'000, .help = "open connections of one client address, so that one sender cannot take them all. Not of server.trusted_proxies, by whose address all clients come"},
  {.key = "server.requests_in_flight_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.requests_in_flight_max; },
   .least = 1, .most = 1'000'000, .help = "requests admitted and not yet answered; past it 429 with Retry-After"},
  {.key = "server.bytes_in_flight_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.bytes_in_flight_max; },
   .unit = unit::bytes, .least = 1 * mib, .most = 64 * gib, .help = "bodies of those requests; past it 429. Bounds the node's memory"},
  {.key = "server.requests_per_sender_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.requests_per_sender_max; },
   .least = 1, .most = 1'000'000, .help = "requests of one sender (a key, a token, a repository's webhook) that are worked on at a time while other senders ask, too; more wait for their turn. An address may have those of four senders. A sender that is alone has no such limit"},
  {.key = "server.turn_timeout_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.turn_timeout; },
   .unit = unit::ms, .least = 10, .most = hour_ms, .help = "a request that has waited so long for its sender's turn is answered 429 with Retry-After"},
  {.key = "server.head_timeout_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.head_timeout; },
   .unit = unit::ms, .least = 100, .most = hour_ms, .help = "from the first byte of a request to the end of its head"},
  {.key = "server.body_bytes_per_second_min", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.body_bytes_per_second_min; },
   .unit = unit::bytes, .least = 1, .most = 1 * gib, .help = "bodies that arrive slower are cut, after body_grace_ms"},
  {.key = "server.body_grace_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.body_grace; },
   .unit = unit::ms, .least = 100, .most = hour_ms, .help = "a body has this long before its rate is judged"},
  {.key = "server.idle_timeout_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.idle_timeout; },
   .unit = unit::ms, .least = 100, .most = 24 * hour_ms, .help = "a kept-alive connection without a request is closed after it"},
  {.key = "server.write_timeout_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.write_timeout; },
   .unit = unit::ms, .least = 100, .most = hour_ms, .help = "an answer that nobody reads is given up after it"},
  {.key = "server.drain_timeout_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.drain_timeout; },
   .unit = unit::ms, .least = 0, .most = hour_ms, .help = "at SIGTERM unfinished requests get this long"},
  {.key = "server.drain_idle_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.drain_idle; },
   .unit = unit::ms, .least = 0, .most = hour_ms, .help = "at SIGTERM idle connections are kept so long, and what still comes on them is answered: longer than a proxy keeps its own idle ones, so that none of its requests is cut"},
  {.key = "server.trusted_proxies", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.server.trusted_proxies; },
   .help = "networks of your proxies, with blanks between (`127.0.0.1 10.0.0.0/8`): only a peer in them is believed when it says by X-Forwarded-For or Forwarded who called it"},

  {.key = "database.url", .environment = "DATABASE_URL", .slot = [](settings& s) -> setting_slot { return &s.database.url; },
   .secret = true, .help = "PostgreSQL 14+ or YugabyteDB (`postgresql://user:password@host/name`); empty: the embedded cluster in data_dir"},
  {.key = "database.writers", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.database.writers; },
   .least = 1, .most = 64, .help = "WRITER actors, a connection each; repositories are divided among them. More than one pays when COMMIT is slow"},
  {.key = "database.readers", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.database.readers; },
   .least = 1, .most = 64, .help = "READER actors, a connection each, for the queries of the API"},
  {.key = "database.statement_timeout_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.database.statement_timeout; },
   .unit = unit::ms, .least = 50, .most = hour_ms, .help = "a statement or COMMIT that takes longer counts as `database away`: the spool takes over. GitHub waits 10 s"},
  {.key = "database.connect_timeout_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.database.connect_timeout; },
   .unit = unit::ms, .least = 50, .most = hour_ms, .help = "connecting takes no longer"},
  {.key = "database.probe_interval_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.database.probe_interval; },
   .unit = unit::ms, .least = 10, .most = hour_ms, .help = "how often a database that is away is looked for"},
  {.key = "database.batch_items_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.database.batch_items_max; },
   .least = 1, .most = 100'000, .help = "deliveries in one transaction. Batches form by themselves; this only bounds them"},
  {.key = "database.batch_bytes_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.database.batch_bytes_max; },
   .unit = unit::bytes, .least = 64 * kib, .most = 1 * gib, .help = "compressed bodies in one transaction"},

  {.key = "spool.bytes_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.spool.bytes_max; },
   .unit = unit::bytes, .least = 1 * mib, .most = 1024 * gib, .help = "what the spool may keep while the database is away; past it 503"},
  {.key = "spool.drain_items", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.spool.drain_items; },
   .least = 1, .most = 100'000, .help = "deliveries in one transaction while the spool drains"},

  {.key = "actors.scheduler_threads", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.actors.scheduler_threads; },
   .least = 1, .most = 256, .help = "threads of the actors that do not block; the WRITER, READERS and the SPOOL have their own"},
  {.key = "actors.repositories_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.actors.repositories_max; },
   .least = 1, .most = 10'000'000, .help = "live REPOSITORY actors; the longest idle ones are let go. A cache: small costs reads, large costs memory"},
  {.key = "actors.repository_idle_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.actors.repository_idle; },
   .unit = unit::ms, .least = 10, .most = 24 * hour_ms, .help = "a REPOSITORY that is idle this long is let go"},
  {.key = "actors.repository_commit_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.actors.repository_commit_max; },
   .least = 1, .most = 100'000, .help = "deliveries of one repository in one transaction, so that one that floods makes no other wait long"},
  {.key = "actors.knowledge_bytes_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.actors.knowledge_bytes_max; },
   .unit = unit::bytes, .least = 0, .most = 1 * gib, .help = "what one REPOSITORY caches of its rows"},

  {.key = "sites.syncs_per_hour", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.sites.syncs_per_hour; },
   .least = 0, .most = 10'000, .help = "syncs of one site in an hour, over all nodes; past it 429 with Retry-After. 0: no limit"},
  {.key = "sites.sync_interval_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.sites.sync_interval; },
   .unit = unit::ms, .least = 60'000, .most = 168 * hour_ms, .help = "how often a site is asked to come; `next_sync_after` spreads sites over it"},
  {.key = "sites.body_bytes_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.sites.body_bytes_max; },
   .unit = unit::bytes, .least = 64 * kib, .most = 256 * mib, .help = "body of one sync, packed and unpacked; past it 413. server.body_bytes_max holds too"},
  {.key = "sites.async_modules", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.sites.async_modules; },
   .least = 1, .most = 2'000, .help = "a sync of more modules is stored as a job and answered 202. 2000: none for its number, since no sync has more"},
  {.key = "sites.async_bytes", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.sites.async_bytes; },
   .unit = unit::bytes, .least = 1 * kib, .most = 256 * mib, .help = "a sync whose body (unpacked) is larger is stored as a job and answered 202"},
  {.key = "sites.parsers", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.sites.parsers; },
   .least = 1, .most = 64, .help = "threads that unpack and parse syncs, so that a large body holds up nobody's delivery"},
  {.key = "sites.writers", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.sites.writers; },
   .least = 1, .most = 64, .help = "SITE WRITER actors, a connection each; sites are divided among them, so that a first sync of thousands of rows holds up fewer others"},
  {.key = "sites.commit_modules_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.sites.commit_modules_max; },
   .least = 1, .most = 1'000'000, .help = "modules of all syncs in one transaction; bounds how long it takes"},
  {.key = "sites.modules_known_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.sites.modules_known_max; },
   .least = 2'000, .most = 1'000'000, .help = "modules that one site may ever name, those that it removed among them; past it 422. Keeps one key from growing the tables without bound"},
  {.key = "sites.bytes_in_flight_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.sites.bytes_in_flight_max; },
   .unit = unit::bytes, .least = 1 * mib, .most = 64 * gib, .help = "unpacked bodies of syncs that are parsed or wait for their commit; past it 429. Bounds the node's memory"},
  {.key = "sites.waiting_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.sites.waiting_max; },
   .least = 1, .most = 10'000, .help = "syncs of one site that wait for their turn; past it 429"},
  {.key = "sites.sites_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.sites.sites_max; },
   .least = 1, .most = 10'000'000, .help = "live SITE actors with their fingerprints (some 24 bytes a module); the longest idle ones are let go"},
  {.key = "sites.site_idle_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.sites.site_idle; },
   .unit = unit::ms, .least = 10, .most = 168 * hour_ms, .help = "a SITE that is idle this long is let go; its fingerprint is read again when it comes"},
  {.key = "application.token", .environment = "INGEST_APP_TOKEN", .slot = [](settings& s) -> setting_slot { return &s.application.token; },
   .secret = true, .help = "what the application shows as x-app-token at /ingest/events and /ingest/crawl, 16 characters at least. None: they answer 503"},
  {.key = "application.token_previous", .environment = "INGEST_APP_TOKEN_PREVIOUS", .slot = [](settings& s) -> setting_slot { return &s.application.token_previous; },
   .secret = true, .help = "the token before; both are live, so that a rotation refuses nobody"},
  {.key = "application.notify_url", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.application.notify_url; },
   .help = "the application's webhook: told of donations and of leaderboard entries, signed as Standard Webhooks says; empty: told nothing"},
  {.key = "application.notify_secret", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.application.notify_secret; },
   .secret = true, .help = "what those are signed with: `whsec_` and base64 of 24 to 64 bytes"},
  {.key = "events.types", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.events.types; },
   .help = "types of events that are taken, with blanks between. The rollup knows VIEW, COPY, SAVE, UNSAVE, FORK, VOTE and UNVOTE; others are kept"},
  {.key = "events.per_request_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.events.per_request_max; },
   .least = 1, .most = 10'000, .help = "events in one request; past it 422"},
  {.key = "events.ahead_max_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.events.ahead_max; },
   .unit = unit::ms, .least = 0, .most = 24 * hour_ms, .help = "an event whose `ts` is further ahead of this node's clock is rejected"},
  {.key = "events.age_days_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.events.age_days_max; },
   .unit = unit::days, .least = 1, .most = 30, .help = "an event whose `ts` is older is rejected"},
  {.key = "events.view_window_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.events.view_window; },
   .unit = unit::ms, .least = 0, .most = 24 * hour_ms, .help = "a VIEW of an address and rule that was viewed within it is a duplicate, over all nodes. 0: none is"},
  {.key = "events.requests_per_minute", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.events.requests_per_minute; },
   .least = 0, .most = 10'000'000, .help = "requests of one client address (an IPv6 /64 counts as one) at this node; past it 429 with Retry-After. 0: no limit"},
  {.key = "events.address_key_days", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.events.address_key_days; },
   .unit = unit::days, .least = 1, .most = 365, .help = "client addresses are kept as keyed hashes only; after so many days the key is another one (derived from master.key), so that nobody can be followed for longer"},
  {.key = "events.commit_events_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.events.commit_events_max; },
   .least = 1, .most = 1'000'000, .help = "events of all requests in one transaction; bounds how long it takes"},
  {.key = "crawl.items_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.crawl.items_max; },
   .least = 1, .most = 10'000, .help = "crawl items in one request; past it 422"},
  {.key = "crawl.requests_per_minute", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.crawl.requests_per_minute; },
   .least = 0, .most = 10'000'000, .help = "requests of one client address (an IPv6 /64 counts as one) at this node; past it 429 with Retry-After. 0: no limit"},

  {.key = "search.language", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.search.language; },
   .help = "PostgreSQL's text search configuration (`\\dF` in psql: english, german, simple, …) that the next rebuild of the search uses; until then the one before stays"},

  {.key = "mcp.default_schema", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.mcp.default_schema; },
   .help = "the published version of the schema of server.json that a manifest is held against when it names none: 2025-12-11, 2025-10-17, 2025-10-11, 2025-09-29, 2025-09-16 or 2025-07-09"},
  {.key = "mcp.accepted_schemas", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.mcp.accepted_schemas; },
   .help = "the versions that a manifest may name, with blanks between; empty: all of them"},
  {.key = "mcp.manifest_paths", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.mcp.manifest_paths; },
   .help = "where manifests lie in a followed repository that names no paths of its own: patterns as in .gitignore, with blanks between. What has no sign of a pattern is one path"},
  {.key = "mcp.validations_per_minute", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.mcp.validations_per_minute; },
   .least = 0, .most = 10'000'000, .help = "manifests that one client address (an IPv6 /64 counts as one) may have validated at this node; past it 429 with Retry-After. 0: no limit"},
  {.key = "mcp.reads_per_minute", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.mcp.reads_per_minute; },
   .least = 0, .most = 10'000'000, .help = "requests of one client address (an IPv6 /64 counts as one) to the registry of MCP servers, which needs no key, at this node; past it 429 with Retry-After. 0: no limit"},

  {.key = "stripe.webhook_secret", .environment = "STRIPE_WEBHOOK_SECRET", .slot = [](settings& s) -> setting_slot { return &s.stripe.webhook_secret; },
   .secret = true, .help = "signing secret of the Stripe webhook endpoint (`whsec_…`, as Stripe shows it). None: the door answers 503"},
  {.key = "stripe.webhook_secret_previous", .environment = "STRIPE_WEBHOOK_SECRET_PREVIOUS", .slot = [](settings& s) -> setting_slot { return &s.stripe.webhook_secret_previous; },
   .secret = true, .help = "the secret before; both are live, so that a rotation refuses nobody"},
  {.key = "stripe.secret_key", .environment = "STRIPE_SECRET_KEY", .slot = [](settings& s) -> setting_slot { return &s.stripe.secret_key; },
   .secret = true, .help = "Stripe API key (a restricted one that may read events is enough): missed events are asked for with it. None: they are not"},
  {.key = "stripe.api_url", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.stripe.api_url; },
   .help = "where Stripe's API is: /v1/events is appended"},
  {.key = "stripe.tolerance_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.stripe.tolerance; },
   .unit = unit::ms, .least = 1'000, .most = hour_ms, .help = "a signature whose time is further from this node's clock, either way, is refused. Stripe's own libraries use 300 s"},
  {.key = "stripe.check_interval_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.stripe.check_interval; },
   .unit = unit::ms, .least = 0, .most = 24 * 7 * hour_ms, .help = "how often Stripe is asked for events that it could not deliver, by one of all nodes; 0: never. Needs stripe.secret_key"},

  {.key = "github_api.url", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.github_api.url; },
   .help = "where GitHub's REST API is. GitHub Enterprise Server: https://HOST/api/v3; GraphQL is taken from beside it"},
  {.key = "github_api.web_url", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.github_api.web_url; },
   .help = "where GitHub's pages are: people install our App there"},
  {.key = "github_api.token", .environment = "GITHUB_TOKEN", .slot = [](settings& s) -> setting_slot { return &s.github_api.token; },
   .secret = true, .help = "personal access token (fine-grained, contents and metadata read) for repositories that have no credential of their own. None: they are asked for anonymously, 60 requests an hour"},
  {.key = "github_api.app_id", .environment = "GITHUB_APP_ID", .slot = [](settings& s) -> setting_slot { return &s.github_api.app_id; },
   .help = "id, or client id, of the GitHub App that this node is. Empty: none"},
  {.key = "github_api.app_slug", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.github_api.app_slug; },
   .help = "the App's name in the address of its page, /apps/SLUG. Empty: GitHub is asked"},
  {.key = "github_api.app_private_key", .environment = "GITHUB_APP_PRIVATE_KEY", .slot = [](settings& s) -> setting_slot { return &s.github_api.app_private_key; },
   .secret = true, .help = "the App's private key: PEM text, or the path of a PEM file"},
  {.key = "github_api.client_id", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.github_api.client_id; },
   .help = "the App's OAuth client id: proves who installs it, and refreshes user tokens"},
  {.key = "github_api.client_secret", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.github_api.client_secret; },
   .secret = true, .help = "the App's OAuth client secret"},
  {.key = "github_api.trusted_certificate", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.github_api.trusted_certificate; },
   .help = "PEM file of a certificate authority that is trusted beside the system's: that of a GitHub Enterprise Server"},
  {.key = "github_api.timeout_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.github_api.timeout; },
   .unit = unit::ms, .least = 100, .most = hour_ms, .help = "a request that gets no byte for so long has failed"},
  {.key = "github_api.connections_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.github_api.connections_max; },
   .least = 1, .most = 1000, .help = "connections to one host at a time"},
  {.key = "github_api.requests_at_once", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.github_api.requests_at_once; },
   .least = 1, .most = 100, .help = "requests of one token's limit at a time, over all nodes. GitHub allows 100"},
  {.key = "github_api.points_per_minute", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.github_api.points_per_minute; },
   .least = 1, .most = 2000, .help = "points of GitHub's secondary limit that one token may use in a minute, over all nodes: 1 a read, 5 a write. GitHub allows 900 for REST, and GraphQL gets as much"},
  {.key = "github_api.reserve_percent", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.github_api.reserve_percent; },
   .least = 0, .most = 90, .help = "share of a token's hourly budget that background work (fallback, nightly) never takes, so that webhooks and people find some left"},
  {.key = "github_api.permit_wait_max_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.github_api.permit_wait_max; },
   .unit = unit::ms, .least = 100, .most = hour_ms, .help = "a request waits so long for its permit; then its job is put off until there is one"},
  {.key = "github_api.hook", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.github_api.hook; },
   .help = "whose delivery log is compared with what arrived: empty for the App's, or OWNER/REPO/HOOK_ID"},
  {.key = "github_api.deliveries_interval_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.github_api.deliveries_interval; },
   .unit = unit::ms, .least = 0, .most = 24 * 7 * hour_ms, .help = "how often GitHub's delivery log is looked through for what never arrived, by one of all nodes; 0: never. Needs the App, or a hook and a token"},

  {.key = "contents.fallback_interval_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.contents.fallback_interval; },
   .unit = unit::ms, .least = 0, .most = 24 * 7 * hour_ms, .help = "a followed repository is looked after so often even when no webhook came, by one of all nodes; 0: never"},
  {.key = "contents.fallback_batch", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.contents.fallback_batch; },
   .least = 1, .most = 1000, .help = "repositories that one such job looks after"},
  {.key = "contents.file_bytes_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.contents.file_bytes_max; },
   .unit = unit::bytes, .least = 1, .most = 1 * gib, .help = "larger files are recorded and not fetched. GitHub gives at most 100 MB"},
  {.key = "contents.files_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.contents.files_max; },
   .least = 1, .most = 10000000, .help = "files of one repository; one with more is not synced, and says so"},
  {.key = "contents.request_bytes", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.contents.request_bytes; },
   .unit = unit::bytes, .least = 1 * kib, .most = 1 * gib, .help = "how many bytes one request is worth when the cheapest way to a state is looked for: more saves requests, less saves traffic"},
  {.key = "contents.repositories_per_user_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.contents.repositories_per_user_max; },
   .least = 1, .most = 1000000, .help = "repositories that one user may follow; past it 422"},
  {.key = "contents.track_new_repositories", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.contents.track_new_repositories; },
   .choices = "none|all", .help = "all: repositories that come to an installation of the GitHub App are followed for the users who installed it, for the node itself when nobody did; none: only what is asked for"},
  {.key = "contents.git_local_paths", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.contents.git_local_paths; },
   .help = "may a git remote be a path of this machine? Whoever may add repositories could read every repository that the node can"},
  {.key = "contents.private_addresses", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.contents.private_addresses; },
   .help = "may a git remote be on private and loopback addresses?"},
  {.key = "contents.syncs_days", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.contents.syncs_days; },
   .unit = unit::days, .least = 1, .most = 3650, .help = "records of syncs and what they changed are kept so long; the newest of each repository always"},
  {.key = "contents.changes_url", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.contents.changes_url; },
   .help = "https address of a webhook that is told of every sync that changed files; empty: none"},
  {.key = "contents.changes_secret", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.contents.changes_secret; },
   .secret = true, .help = "`whsec_` and base64 (Standard Webhooks): what it is told is signed with it"},

  {.key = "nightly.schedule", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.nightly.schedule; },
   .help = "when all followed repositories are looked through: a cron expression (minute, hour, day of the month, month, day of the week) or a short form such as @daily; never: only when somebody asks"},
  {.key = "nightly.time_zone", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.nightly.time_zone; },
   .help = "time zone of the schedule, a name of the IANA database such as Europe/Berlin. A time that clocks skip comes once, at the end of the gap; one that they repeat comes once"},
  {.key = "nightly.jitter_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.nightly.jitter; },
   .unit = unit::ms, .least = 0, .most = 12 * hour_ms, .help = "a run begins up to so much later than its time, each node at another moment"},
  {.key = "nightly.depth", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.nightly.depth; },
   .choices = "incremental|full", .help = "incremental: what has moved is synced; full: every repository is, and manifests and READMEs are fetched anew"},
  {.key = "nightly.parts", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.nightly.parts; },
   .help = "what is looked after: content, metadata (name, visibility, default branch, archived), manifest, readme, with blanks between"},
  {.key = "nightly.repositories", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.nightly.repositories; },
   .help = "which ones: owner/name or owner/*, with blanks between; empty: all that are followed"},
  {.key = "nightly.batch", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.nightly.batch; },
   .least = 1, .most = 100, .help = "repositories that are looked at together and recorded in one transaction; GitHub is asked for them in one request"},
  {.key = "nightly.concurrency", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.nightly.concurrency; },
   .least = 1, .most = 64, .help = "repositories that have to be asked for one by one (git remotes, GitHub without a token): so many at a time"},
  {.key = "nightly.failed_percent_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.nightly.failed_percent_max; },
   .least = 0, .most = 100, .help = "a run in which a larger share of the repositories failed is an alert"},
  {.key = "nightly.run_time_max_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.nightly.run_time_max; },
   .unit = unit::ms, .least = 1'000, .most = 168 * hour_ms, .help = "a run that takes longer is an alert"},
  {.key = "nightly.missed_after_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.nightly.missed_after; },
   .unit = unit::ms, .least = 1'000, .most = 168 * hour_ms, .help = "a run that begins so much later than it should have (the node was down, another run took too long) is an alert"},
  {.key = "nightly.alert_url", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.nightly.alert_url; },
   .help = "https address of a webhook that is told of such alerts; empty: none"},
  {.key = "nightly.alert_secret", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.nightly.alert_secret; },
   .secret = true, .help = "`whsec_` and base64 (Standard Webhooks): what it is told is signed with it"},

  {.key = "blobs.folder", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.blobs.folder; },
   .help = "where contents of files are kept; empty: blobs in data_dir. All nodes of a database need the same, on a shared file system (which ReadWritePaths of the systemd unit must name), or S3"},
  {.key = "blobs.zstd_level", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.blobs.zstd_level; },
   .least = 1, .most = 19, .help = "how hard contents are compressed"},
  {.key = "blobs.grace_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.blobs.grace; },
   .unit = unit::ms, .least = 0, .most = 365 * 24 * hour_ms, .help = "a content that no file refers to any more is kept so long"},
  {.key = "blobs.sweep_interval_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.blobs.sweep_interval; },
   .unit = unit::ms, .least = 0, .most = 24 * 7 * hour_ms, .help = "how often contents past their grace are removed, by one of all nodes; 0: never"},
  {.key = "blobs.s3_url", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.blobs.s3_url; },
   .help = "address of an S3-compatible store, without the bucket; empty: the folder is used"},
  {.key = "blobs.s3_bucket", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.blobs.s3_bucket; },
   .help = "its bucket, which must be there; it is addressed as a path"},
  {.key = "blobs.s3_region", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.blobs.s3_region; },
   .help = "its region, which signatures name"},
  {.key = "blobs.s3_prefix", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.blobs.s3_prefix; },
   .help = "begins the names of all objects: ingot/; without a + and without segments . and .."},
  {.key = "blobs.s3_access_key", .environment = "AWS_ACCESS_KEY_ID", .slot = [](settings& s) -> setting_slot { return &s.blobs.s3_access_key; },
   .help = "access key id"},
  {.key = "blobs.s3_secret_key", .environment = "AWS_SECRET_ACCESS_KEY", .slot = [](settings& s) -> setting_slot { return &s.blobs.s3_secret_key; },
   .secret = true, .help = "secret access key"},
  {.key = "blobs.s3_timeout_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.blobs.s3_timeout; },
   .unit = unit::ms, .least = 100, .most = hour_ms, .help = "one request to it may take so long"},

  {.key = "cron.secret", .environment = "CRON_SECRET", .slot = [](settings& s) -> setting_slot { return &s.cron.secret; },
   .secret = true, .help = "what is shown as x-cron-secret at /cron/…, 16 characters at least. None: they answer 503"},
  {.key = "cron.secret_previous", .environment = "CRON_SECRET_PREVIOUS", .slot = [](settings& s) -> setting_slot { return &s.cron.secret_previous; },
   .secret = true, .help = "the secret before; both are live, so that a rotation refuses nobody"},
  {.key = "rollup.interval_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.rollup.interval; },
   .unit = unit::ms, .least = 0, .most = 24 * 7 * hour_ms, .help = "how often events become daily metrics and leaderboards, by one of all nodes; 0: only when POST /cron/rollup asks"},
  {.key = "rollup.days", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.rollup.days; },
   .least = 1, .most = 30, .help = "days in the window of the trending score, when nobody says otherwise"},
  {.key = "rollup.decay", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.rollup.decay; },
   .least = 0, .most = 100, .help = "how fast a past day loses weight in the trending score: exp(-decay * days)"},
  {.key = "rollup.fork_weight", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.rollup.fork_weight; },
   .least = 0, .most = 1'000, .help = "weight of a FORK in it (views 0.4, copies 0.3, saves 0.2, votes 0.1)"},
  {.key = "rollup.views_per_day_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.rollup.views_per_day_max; },
   .least = 1, .most = 1'000'000, .help = "views of one address and rule that count on a day"},
  {.key = "rollup.currency", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.rollup.currency; },
   .help = "donations in this currency (ISO 4217, lower case) add up in donations_cents; all count in donations"},
  {.key = "rollup.step_timeout_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.rollup.step_timeout; },
   .unit = unit::ms, .least = 1'000, .most = 24 * hour_ms, .help = "a single statement of a rollup or of a rebuilt search index may take this long"},

  {.key = "jobs.running_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.running_max; },
   .least = 1, .most = 10'000, .help = "jobs that this node runs at a time"},
  {.key = "jobs.poll_interval_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.poll_interval; },
   .unit = unit::ms, .least = 10, .most = hour_ms, .help = "how often due jobs are looked for that this node was not told of: those of other nodes, and those that are tried again"},
  {.key = "jobs.lease_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.lease; },
   .unit = unit::ms, .least = 300, .most = hour_ms, .help = "how long a job belongs to its node, which renews it thrice in that time; what a node leaves behind that is gone is run by another after it"},
  {.key = "jobs.noop", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.noop; },
   .help = "run jobs of kind `noop`, which do nothing: for tests and benchmarks"},
  {.key = "jobs.other.running_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.other.running_max; },
   .least = 1, .most = 10'000, .help = "jobs of kinds that have no settings of their own: how many this node runs at a time"},
  {.key = "jobs.other.attempts_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.other.attempts_max; },
   .least = 1, .most = 1000, .help = "jobs of kinds that have no settings of their own: how often it is tried before it is a dead letter"},
  {.key = "jobs.other.backoff_base_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.other.backoff_base; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "jobs of kinds that have no settings of their own: the pause after the first attempt; it doubles with every further one, and up to a half of it is left out by chance"},
  {.key = "jobs.other.backoff_cap_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.other.backoff_cap; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "jobs of kinds that have no settings of their own: the longest pause"},
  {.key = "jobs.site_sync.running_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.site_sync.running_max; },
   .least = 1, .most = 10'000, .help = "a site's sync that was accepted with 202: how many this node runs at a time"},
  {.key = "jobs.site_sync.attempts_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.site_sync.attempts_max; },
   .least = 1, .most = 1000, .help = "a site's sync that was accepted with 202: how often it is tried before it is a dead letter"},
  {.key = "jobs.site_sync.backoff_base_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.site_sync.backoff_base; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "a site's sync that was accepted with 202: the pause after the first attempt; it doubles with every further one, and up to a half of it is left out by chance"},
  {.key = "jobs.site_sync.backoff_cap_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.site_sync.backoff_cap; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "a site's sync that was accepted with 202: the longest pause"},
  {.key = "jobs.site_notify.running_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.site_notify.running_max; },
   .least = 1, .most = 10'000, .help = "telling a site's webhook of a sync: how many this node runs at a time"},
  {.key = "jobs.site_notify.attempts_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.site_notify.attempts_max; },
   .least = 1, .most = 1000, .help = "telling a site's webhook of a sync: how often it is tried before it is a dead letter"},
  {.key = "jobs.site_notify.backoff_base_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.site_notify.backoff_base; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "telling a site's webhook of a sync: the pause after the first attempt; it doubles with every further one, and up to a half of it is left out by chance"},
  {.key = "jobs.site_notify.backoff_cap_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.site_notify.backoff_cap; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "telling a site's webhook of a sync: the longest pause"},
  {.key = "jobs.content_sync.running_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.content_sync.running_max; },
   .least = 1, .most = 10'000, .help = "bringing a followed repository up to date: how many this node runs at a time"},
  {.key = "jobs.content_sync.attempts_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.content_sync.attempts_max; },
   .least = 1, .most = 1000, .help = "bringing a followed repository up to date: how often it is tried before it is a dead letter"},
  {.key = "jobs.content_sync.backoff_base_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.content_sync.backoff_base; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "bringing a followed repository up to date: the pause after the first attempt; it doubles with every further one, and up to a half of it is left out by chance"},
  {.key = "jobs.content_sync.backoff_cap_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.content_sync.backoff_cap; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "bringing a followed repository up to date: the longest pause"},
  {.key = "jobs.mail.running_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.mail.running_max; },
   .least = 1, .most = 10'000, .help = "mails to people: how many this node runs at a time"},
  {.key = "jobs.mail.attempts_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.mail.attempts_max; },
   .least = 1, .most = 1000, .help = "mails to people: how often it is tried before it is a dead letter"},
  {.key = "jobs.mail.backoff_base_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.mail.backoff_base; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "mails to people: the pause after the first attempt; it doubles with every further one, and up to a half of it is left out by chance"},
  {.key = "jobs.mail.backoff_cap_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.mail.backoff_cap; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "mails to people: the longest pause"},
  {.key = "jobs.pull_request_files.running_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.pull_request_files.running_max; },
   .least = 1, .most = 10'000, .help = "fetching the files of a pull request: how many this node runs at a time"},
  {.key = "jobs.pull_request_files.attempts_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.pull_request_files.attempts_max; },
   .least = 1, .most = 1000, .help = "fetching the files of a pull request: how often it is tried before it is a dead letter"},
  {.key = "jobs.pull_request_files.backoff_base_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.pull_request_files.backoff_base; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "fetching the files of a pull request: the pause after the first attempt; it doubles with every further one, and up to a half of it is left out by chance"},
  {.key = "jobs.pull_request_files.backoff_cap_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.pull_request_files.backoff_cap; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "fetching the files of a pull request: the longest pause"},
  {.key = "jobs.manifest_check.running_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.manifest_check.running_max; },
   .least = 1, .most = 10'000, .help = "looking at the manifests of a followed repository: how many this node runs at a time"},
  {.key = "jobs.manifest_check.attempts_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.manifest_check.attempts_max; },
   .least = 1, .most = 1000, .help = "looking at the manifests of a followed repository: how often it is tried before it is a dead letter"},
  {.key = "jobs.manifest_check.backoff_base_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.manifest_check.backoff_base; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "looking at the manifests of a followed repository: the pause after the first attempt; it doubles with every further one, and up to a half of it is left out by chance"},
  {.key = "jobs.manifest_check.backoff_cap_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.manifest_check.backoff_cap; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "looking at the manifests of a followed repository: the longest pause"},
  {.key = "jobs.releases_fetch.running_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.releases_fetch.running_max; },
   .least = 1, .most = 10'000, .help = "fetching the releases of a Drupal project: how many this node runs at a time"},
  {.key = "jobs.releases_fetch.attempts_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.releases_fetch.attempts_max; },
   .least = 1, .most = 1000, .help = "fetching the releases of a Drupal project: how often it is tried before it is a dead letter"},
  {.key = "jobs.releases_fetch.backoff_base_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.releases_fetch.backoff_base; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "fetching the releases of a Drupal project: the pause after the first attempt; it doubles with every further one, and up to a half of it is left out by chance"},
  {.key = "jobs.releases_fetch.backoff_cap_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.jobs.releases_fetch.backoff_cap; },
   .unit = unit::ms, .least = 1, .most = 24 * hour_ms, .help = "fetching the releases of a Drupal project: the longest pause"},

  {.key = "retention.deliveries_days", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.retention.deliveries_days; },
   .unit = unit::days, .least = 1, .most = 3650, .help = "raw deliveries are kept this long; whole days are dropped"},
  {.key = "retention.delivery_ids_days", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.retention.delivery_ids_days; },
   .unit = unit::days, .least = 4, .most = 3650, .help = "delivery ids are known this long, so that a redelivery is a duplicate. GitHub redelivers for 3 days"},
  {.key = "retention.jobs_days", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.retention.jobs_days; },
   .unit = unit::days, .least = 1, .most = 3650, .help = "jobs that succeeded are kept this long"},
  {.key = "retention.jobs_failed_days", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.retention.jobs_failed_days; },
   .unit = unit::days, .least = 1, .most = 3650, .help = "jobs that failed for good, and dead letters, are kept this long"},
  {.key = "retention.syncs_days", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.retention.syncs_days; },
   .unit = unit::days, .least = 1, .most = 3650, .help = "records of sites' syncs are kept this long; a site's newest, and its newest full one, for ever"},

  {.key = "retention.events_days", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.retention.events_days; },
   .unit = unit::days, .least = 32, .most = 3650, .help = "application events are kept this long, and their idempotency keys are known as long; whole days are dropped, each once it is rolled up"},

  {.key = "github.secret", .environment = "GITHUB_WEBHOOK_SECRET", .slot = [](settings& s) -> setting_slot { return &default_endpoint(s).secret; },
   .secret = true, .help = "secret of the GitHub webhook (endpoint `default`). No secret at all: the route answers 503, never `accept everything`"},
  {.key = "github.secret_previous", .environment = "GITHUB_WEBHOOK_SECRET_PREVIOUS", .slot = [](settings& s) -> setting_slot { return &default_endpoint(s).secret_previous; },
   .secret = true, .help = "the secret before; both are live, so that a rotation refuses nobody"},
  {.key = "github.generate_secret", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.generate_webhook_secret; },
   .help = "make a webhook secret at the first start when none is configured, and keep it in data_dir (`./dev run` does)"},

  {.key = "admin.token", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.admin_token; },
   .secret = true, .help = "bearer token of the admin API, 16 characters at least; empty: made at the first start, kept in data_dir"},

  {.key = "master.key", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.master_key; },
   .secret = true, .help = "seals the secrets that rows keep (base64 of 32 bytes: `openssl rand -base64 32`); empty: made at the first start, kept in data_dir. Nodes of one database need the same; without it sealed secrets must be set anew"},
  {.key = "master.key_previous", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.master_key_previous; },
   .secret = true, .help = "the master key before: opens what is not sealed anew yet, while `ingot keys rotate-master` runs"},

  {.key = "drupal.releases_url", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.drupal.releases_url; },
   .help = "where release histories are fetched: `/{project}/current` is appended"},
  {.key = "drupal.releases_interval_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.drupal.releases_interval; },
   .unit = unit::ms, .least = 0, .most = 30 * 24 * hour_ms, .help = "how often the releases of every project that sites have enabled are fetched, by one of all nodes; 0: never (import them by `ingot drupal releases import`). A few times a day is polite"},
  {.key = "drupal.releases_pause_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.drupal.releases_pause; },
   .unit = unit::ms, .least = 0, .most = hour_ms, .help = "a node waits at least this long between two such requests"},

  {.key = "notify.timeout_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.notify.timeout; },
   .unit = unit::ms, .least = 100, .most = 300'000, .help = "a webhook must answer within it; else it is tried again later"},
  {.key = "notify.private_addresses", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.notify.private_addresses; },
   .help = "allow webhooks on private, loopback and reserved addresses; else whoever may set one could make the node call what only the node can reach"},

  {.key = "smtp.url", .environment = "SMTP_URL", .slot = [](settings& s) -> setting_slot { return &s.smtp.url; },
   .help = "the mail server that takes what the node sends: `smtp://mail.example.org:587`, or `smtps://` for TLS from the first byte; empty: no mail is sent, and nobody submits by e-mail"},
  {.key = "smtp.user", .environment = "SMTP_USER", .slot = [](settings& s) -> setting_slot { return &s.smtp.user; },
   .help = "name to log in with; empty: no login"},
  {.key = "smtp.password", .environment = "SMTP_PASSWORD", .slot = [](settings& s) -> setting_slot { return &s.smtp.password; },
   .secret = true, .help = "password to log in with"},
  {.key = "smtp.from", .environment = "SMTP_FROM", .slot = [](settings& s) -> setting_slot { return &s.smtp.from; },
   .help = "address that mail comes from; needed with smtp.url"},
  {.key = "smtp.from_name", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.smtp.from_name; },
   .help = "what people see of the sender"},
  {.key = "smtp.tls", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.smtp.tls; },
   .help = "send nothing without TLS (STARTTLS, or smtps://); false only for a mail server on this machine"},
  {.key = "smtp.trusted_certificate", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.smtp.trusted_certificate; },
   .help = "PEM file that is trusted instead of the system's; empty: the system's"},
  {.key = "smtp.timeout_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.smtp.timeout; },
   .unit = unit::ms, .least = 100, .most = 600'000, .help = "for a mail server to let the node in; its last word on a mail may take ten minutes more (RFC 5321 4.5.3.2.6)"},

  {.key = "submissions.public_url", .environment = "INGOT_PUBLIC_URL", .slot = [](settings& s) -> setting_slot { return &s.submissions.public_url; },
   .help = "address of this node as people reach it, without a path: what links in mails begin with; needed with smtp.url"},
  {.key = "submissions.requests_per_minute", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.submissions.requests_per_minute; },
   .least = 0, .most = 100'000, .help = "requests about submissions from one address (an IPv6 /64 is one); past it 429. 0: no limit"},
  {.key = "submissions.pending_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.submissions.pending_max; },
   .least = 1, .most = 100'000, .help = "submissions of one submitter that wait for somebody at a time; past it 429"},
  {.key = "submissions.daily_max", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.submissions.daily_max; },
   .least = 1, .most = 100'000, .help = "submissions of one submitter within 24 hours; past it 429"},
  {.key = "submissions.notify_url", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.submissions.notify_url; },
   .help = "https address of a webhook that is told of every step of every submission; empty: none"},
  {.key = "submissions.notify_secret", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.submissions.notify_secret; },
   .secret = true, .help = "`whsec_` and base64 (Standard Webhooks): what it is told is signed with it"},
  {.key = "console.folder", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.console.folder; },
   .help = "folder of the console's built files; empty: `console` or `../console` beside the program, or `../share/ingot/console`. Without them the API is served alone"},
  {.key = "console.session_timeout_ms", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.console.session_timeout; },
   .unit = unit::ms, .least = 60'000, .most = 720 * hour_ms, .help = "a browser is signed in so long"},
  {.key = "console.sign_ins_per_minute", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.console.sign_ins_per_minute; },
   .least = 0, .most = 100'000, .help = "attempts to sign in from one address; twenty times as many for one name, from all addresses; past it 429. 0: no limit"},
  {.key = "console.password_memory", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.console.password_memory; },
   .unit = unit::bytes, .least = 8 * kib, .most = 1 * gib, .help = "memory of one Argon2id hashing of a password: what makes guessing dear for whoever steals the table. OWASP asks for 19 MiB with two passes; two hashings run at a time. Holds for new passwords"},
  {.key = "console.password_passes", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.console.password_passes; },
   .least = 1, .most = 64, .help = "passes over that memory"},

  {.key = "log.level", .environment = "LOG_LEVEL", .slot = [](settings& s) -> setting_slot { return &s.log.level; },
   .choices = "trace|debug|info|warn|error|off", .help = "the least level that is written"},
  {.key = "log.format", .environment = {}, .slot = [](settings& s) -> setting_slot { return &s.log.format; },
   .choices = "json|text", .help = "json: one object a line, for machines; text: for people"},
};
// clang-format on

struct type_namer {
  const setting& x;
  std::string_view number() const {
    if (x.unit == unit::bytes)
      return "size";
    return x.unit == unit::none ? "whole number" : "duration";
  }
  std::string_view operator()(double*) const { return "number"; }
  std::string_view operator()(std::string*) const { return "text"; }
  std::string_view operator()(std::filesystem::path*) const { return "path"; }
  std::string_view operator()(bool*) const { return "true or false"; }
  std::string_view operator()(log_format*) const { return "text"; }
  std::string_view operator()(auto*) const { return number(); }
};

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + '"';
}

/// As TOML wants it: `0.1`, `2.0`.
std::string print_number(double x) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), x).ptr;
  auto out = std::string{text.data(), end};
  return out.find_first_of(".e") == std::string::npos ? out + ".0" : out;
}

struct printer {
  const setting& x;
  std::string operator()(std::string* p) const { return in_quotes(*p); }
  std::string operator()(std::filesystem::path* p) const { return in_quotes(p->string()); }
  std::string operator()(bool* p) const { return *p ? "true" : "false"; }
  std::string operator()(log_format* p) const { return *p == log_format::json ? "\"json\"" : "\"text\""; }
  std::string operator()(double* p) const { return print_number(*p); }
  std::string operator()(milliseconds* p) const { return in_quotes(print_quantity(p->count(), x.unit)); }
  std::string operator()(auto* p) const {
    auto text = print_quantity(static_cast<std::int64_t>(*p), x.unit);
    return x.unit == unit::none ? text : in_quotes(text);
  }
};

} // namespace

std::span<const setting> all_settings() {
  return table;
}

const setting* find_setting(std::string_view key) {
  auto at = std::find_if(std::begin(table), std::end(table), [&](const setting& x) { return x.key == key; });
  return at == std::end(table) ? nullptr : at;
}

std::string environment_name(std::string_view key) {
  std::string out = "INGOT_";
  for (char c : key)
    out += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return out;
}

std::string_view type_name(const setting& x) {
  settings scratch;
  return std::visit(type_namer{x}, x.slot(scratch));
}

std::string toml_value(const setting& x, const settings& from) {
  auto copy = from;
  return std::visit(printer{x}, x.slot(copy));
}

} // namespace ingot
