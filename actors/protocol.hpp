#pragma once

#include "model/audit.hpp"
#include "model/delivery.hpp"
#include "model/fault.hpp"
#include "model/github/api/permits.hpp"
#include "model/github/group.hpp"
#include "model/github/limiter/limiter.hpp"
#include "model/job.hpp"
#include "storage/crawl_store.hpp"
#include "storage/database_report.hpp"
#include "storage/event_store.hpp"
#include "storage/site_store.hpp"
#include "storage/stripe_store.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ingot::storage {
class connection;
}

namespace ingot {

/// How one delivery ended.
struct receipt {
  delivery_outcome outcome = delivery_outcome::stored;
  failure why; ///< code != none: nothing is acknowledged
};

/// Answers one sender, once. Travels with the delivery; when its last holder drops it unanswered it answers `lost`, so that a
/// crashed actor or a dropped mailbox never leaves a sender waiting.
class reply {
public:
  explicit reply(std::function<void(receipt)> deliver) : deliver_{std::move(deliver)} {}
  reply(const reply&) = delete;
  reply& operator=(const reply&) = delete;
  ~reply();

  /// Thread-safe; later calls do nothing.
  void operator()(receipt x);

  bool done() const noexcept { return done_.load(std::memory_order_acquire); }

private:
  std::function<void(receipt)> deliver_;
  std::atomic<bool> done_{false};
};

/// A delivery on its way: what is kept, what it says, who waits. Shared by the actors that pass it on, changed by none.
struct delivery_in_hand {
  delivery kept;
  github::event event;
  std::string unreadable; ///< why a spooled delivery cannot be parsed any more: it is kept as failed; else empty
  bool replay = false;    ///< asked for by an operator: applied although its id is known
  std::shared_ptr<reply> answer;
};
using delivery_ptr = std::shared_ptr<const delivery_in_hand>;

/// Does it change rows of one repository, in order? Ignored events and installations are only kept.
inline bool is_keyed(const github::event& x) {
  return x.repository && !x.ignored() && !std::holds_alternative<github::installation_event>(x.fact);
}

/// Bytes, or other things, that count against a bound as long as it lives.
class byte_claim {
public:
  byte_claim(std::atomic<std::size_t>& used, std::size_t bytes) : used_{&used}, bytes_{bytes} { used.fetch_add(bytes); }
  byte_claim(const byte_claim&) = delete;
  byte_claim& operator=(const byte_claim&) = delete;
  ~byte_claim() { used_->fetch_sub(bytes_); }

private:
  std::atomic<std::size_t>* used_;
  std::size_t bytes_;
};

/// The deliveries of one repository that go through one commit together; `items` point into `deliveries`.
struct repository_group : github::group {
  std::vector<delivery_ptr> deliveries;

  /// Of one among node_context::groups_waiting: from the sending to the WRITER until that gives it back, or nobody holds it.
  std::optional<byte_claim> claim;

  void add(const delivery_ptr& x) {
    items.push_back({&x->kept, &x->event, x->replay, delivery_outcome::stored});
    deliveries.push_back(x);
  }
};
using group_ptr = std::shared_ptr<repository_group>;

/// An application's events on their way, held by one actor at a time. When its last holder drops it unanswered, `answer` goes
/// with it, and what that holds answers `lost`.
struct events_in_hand : storage::event_request {
  std::string request_id;

  /// Called once, with the request as the commit left it, or with why there was none. @param spooled kept on disk until the
  /// database is back: what is a duplicate is not known yet
  std::function<void(const events_in_hand&, const failure&, bool spooled)> answer;
};
using events_ptr = std::shared_ptr<events_in_hand>;

/// An event of Stripe's on its way, likewise.
struct stripe_in_hand : storage::stripe_item {
  std::string request_id;
  std::function<void(const stripe_in_hand&, const failure&, bool spooled)> answer;
};
using stripe_ptr = std::shared_ptr<stripe_in_hand>;

/// A site's sync on its way, held by one actor at a time. When its last holder drops it unanswered, `answer` goes with it, and
/// what that holds answers `lost`.
struct sync_in_hand : storage::site_sync {
  std::string body;      ///< as it came; empty once it is parsed
  bool packed = false;   ///< gzip
  bool lenient = false;  ///< Prefer: handling=lenient
  bool deferred = false; ///< Prefer: respond-async
  std::string request_id;
  std::shared_ptr<byte_claim> claim; ///< of its unpacked body, against sites.bytes_in_flight_max

  /// Called once, with the sync as the commit left it, or with why there was none.
  std::function<void(const sync_in_hand&, const failure&)> answer;
};
using sync_ptr = std::shared_ptr<sync_in_hand>;

/// The items of a crawl partner on their way, held by one actor at a time. When its last holder drops it unanswered, `answer`
/// goes with it, and what that holds answers `lost`.
struct crawl_in_hand : storage::crawl_request {
  std::string body; ///< as it came; empty once it is parsed
  std::string request_id;
  std::size_t refused = 0;           ///< of the rejected items, those that the database refuses
  std::shared_ptr<byte_claim> claim; ///< of one request, against crawl_waiting_max

  /// Called once, with the request as the commit left it, or with why there was none.
  std::function<void(const crawl_in_hand&, const failure&)> answer;
};
using crawl_ptr = std::shared_ptr<crawl_in_hand>;

/// Requests of crawl partners that may wait at a node; past it they are told to come again.
inline constexpr std::size_t crawl_waiting_max = 256;

/// Work for a READER's connection, on the READER's thread. Whoever waits is answered by `run` or by `refuse`.
struct query {
  std::function<void(storage::connection&)> run; ///< asks, then answers; may throw what libpqxx throws, or refused_change
  std::function<void(const failure&)> refuse;    ///< called instead when `run` threw
  bool repeatable = true;                        ///< false: it changes something, so `run` is called once at most
};
using query_ptr = std::shared_ptr<const query>;

/// Ends one attempt at a job, once. Travels with the job; when its last holder drops it unanswered (its actor crashed) that is an
/// attempt that failed for now.
class job_reply {
public:
  explicit job_reply(std::function<void(job_outcome)> deliver) : deliver_{std::move(deliver)} {}
  job_reply(const job_reply&) = delete;
  job_reply& operator=(const job_reply&) = delete;
  ~job_reply();

  /// Thread-safe; later calls do nothing.
  void operator()(job_outcome x);

private:
  std::function<void(job_outcome)> deliver_;
  std::atomic<bool> done_{false};
};

/// A job on its way through its handler.
struct job_in_hand {
  claimed_job job;
  std::shared_ptr<job_reply> answer;
};
using job_ptr = std::shared_ptr<const job_in_hand>;

/// Takes a job of its kind; on the JOBS actor's thread, so it only passes the job on.
using job_handler = std::function<void(job_ptr)>;

/// What became of one that asked for a permit.
struct permit_answer {
  std::optional<github::limiter::permit_mark> granted; ///< to be settled once
  timestamp retry_at{};                                ///< not granted: there may be one then
  bool lost = false;                                   ///< the RATE LIMITER fell or the node stops; retry_at says nothing
};

/// Answers one that asked for a permit, once. When its last holder drops it unanswered it answers `lost`.
class permit_reply {
public:
  explicit permit_reply(std::function<void(permit_answer)> deliver) : deliver_{std::move(deliver)} {}
  permit_reply(const permit_reply&) = delete;
  permit_reply& operator=(const permit_reply&) = delete;
  ~permit_reply();

  /// Thread-safe; later calls do nothing.
  void operator()(permit_answer x);

private:
  std::function<void(permit_answer)> deliver_;
  std::atomic<bool> done_{false};
};

/// Somebody asks for a permit.
struct permit_in_hand {
  github::permit_order order;
  std::shared_ptr<permit_reply> answer;
};
using permit_ptr = std::shared_ptr<const permit_in_hand>;

/// A permit is given back.
struct permit_settlement {
  github::limiter::permit_mark mark;
  github::rate_news news;
  bool lost = false; ///< dropped without news: it may have been used
};

/// Reports on their way to the shared rows, and what these say.
struct rate_exchange {
  std::vector<github::limiter::report> reports;
  std::vector<github::limiter::answer> answers; ///< one for each, unless it failed
  bool failed = false;
};
using rate_exchange_ptr = std::shared_ptr<rate_exchange>;

/// How an attempt under a lease ended.
struct job_end {
  job_lease lease;
  job_outcome outcome;
};

} // namespace ingot

CAF_BEGIN_TYPE_ID_BLOCK(ingot, caf::first_custom_type_id)

CAF_ADD_ATOM(ingot, ingot, deliver_atom, "deliver")
CAF_ADD_ATOM(ingot, ingot, commit_atom, "commit")
CAF_ADD_ATOM(ingot, ingot, committed_atom, "committed")
CAF_ADD_ATOM(ingot, ingot, flush_atom, "flush")
CAF_ADD_ATOM(ingot, ingot, keep_atom, "keep")
CAF_ADD_ATOM(ingot, ingot, drain_atom, "drain")
CAF_ADD_ATOM(ingot, ingot, drained_atom, "drained")
CAF_ADD_ATOM(ingot, ingot, away_atom, "away")
CAF_ADD_ATOM(ingot, ingot, probe_atom, "probe")
CAF_ADD_ATOM(ingot, ingot, query_atom, "query")
CAF_ADD_ATOM(ingot, ingot, sync_atom, "sync")
CAF_ADD_ATOM(ingot, ingot, tick_atom, "tick")
CAF_ADD_ATOM(ingot, ingot, leave_atom, "leave")
CAF_ADD_ATOM(ingot, ingot, left_atom, "left")
CAF_ADD_ATOM(ingot, ingot, audit_atom, "audit")
CAF_ADD_ATOM(ingot, ingot, collect_atom, "collect")
CAF_ADD_ATOM(ingot, ingot, writers_atom, "writers")
CAF_ADD_ATOM(ingot, ingot, stop_atom, "stop")
CAF_ADD_ATOM(ingot, ingot, hint_atom, "hint")
CAF_ADD_ATOM(ingot, ingot, finish_atom, "finish")
CAF_ADD_ATOM(ingot, ingot, renew_atom, "renew")
CAF_ADD_ATOM(ingot, ingot, acquire_atom, "acquire")
CAF_ADD_ATOM(ingot, ingot, settle_atom, "settle")
CAF_ADD_ATOM(ingot, ingot, exchange_atom, "exchange")

CAF_END_TYPE_ID_BLOCK(ingot)

// Nothing here leaves the process, so nothing needs to be serialized.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ingot::delivery_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<ingot::delivery_ptr>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ingot::group_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<ingot::events_ptr>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<ingot::stripe_ptr>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ingot::audit_line)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ingot::database_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ingot::query_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ingot::sync_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ingot::crawl_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ingot::failure)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ingot::job_end)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ingot::permit_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ingot::permit_settlement)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ingot::rate_exchange_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<ingot::github::limiter::budget_view>)

namespace ingot {

/// Whoever gives deliveries to the SPOOL gets them back when the database is there again.
using spool_client_actor = caf::typed_actor<
    // Commits spooled deliveries, in order; answers how many, or an error: sec::invalid_argument when the database takes one of
    // them in no form, else it is away again. What was committed until then is known the next time, and not applied again.
    caf::replies_to<drain_atom, std::vector<delivery_ptr>>::with<std::uint64_t>,
    // From the SPOOL: it is empty, having dealt with so many deliveries of this client in all.
    caf::reacts_to<drained_atom, std::uint64_t>,
    // From the SPOOL: the database went away while it drained.
    caf::reacts_to<away_atom>>;

/// A client of the SPOOL. Its place in the list is the index that it names when it gives deliveries.
struct spool_client {
  std::string source; ///< of its deliveries; the first client of a source gets all of them back
  spool_client_actor handle;
};

} // namespace ingot

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<ingot::spool_client>)

namespace ingot {

/// The WRITER commits groups: all that have arrived become one transaction. Detached; owns a connection.
using writer_actor = caf::typed_actor<
    // Commits the group; answers its senders after COMMIT, then sends `committed` to the REPOSITORY that asked.
    caf::reacts_to<commit_atom, group_ptr>,
    // As a client of the SPOOL.
    caf::replies_to<drain_atom, std::vector<delivery_ptr>>::with<std::uint64_t>, caf::reacts_to<drained_atom, std::uint64_t>,
    caf::reacts_to<away_atom>,
    // INTERNAL: commits what has arrived.
    caf::reacts_to<flush_atom>>;

/// An INTAKE WRITER commits the requests of one kind of sender: all that have arrived become one transaction. Detached; owns a
/// connection.
template <class Item>
using intake_writer_actor = caf::typed_actor<
    // Commits requests; each is answered after COMMIT, or once it is spooled.
    caf::reacts_to<commit_atom, std::vector<std::shared_ptr<Item>>>,
    // As a client of the SPOOL.
    caf::replies_to<drain_atom, std::vector<delivery_ptr>>::with<std::uint64_t>, caf::reacts_to<drained_atom, std::uint64_t>,
    caf::reacts_to<away_atom>,
    // INTERNAL: commits what has arrived.
    caf::reacts_to<flush_atom>>;

/// The EVENT WRITER commits application events.
using event_writer_actor = intake_writer_actor<events_in_hand>;

/// The STRIPE WRITER commits Stripe's events.
using stripe_writer_actor = intake_writer_actor<stripe_in_hand>;

/// A REPOSITORY decides what the deliveries of one repository change, one group after the other.
using repository_actor = caf::typed_actor<
    // Takes one delivery; its sender is answered by whoever ends it.
    caf::reacts_to<deliver_atom, delivery_ptr>,
    // From the WRITER: the group is over; `known` is confirmed when it still says so.
    caf::reacts_to<committed_atom, group_ptr>,
    // Asks it to end if it has nothing to do; it answers `left`.
    caf::reacts_to<leave_atom>>;

/// REPOSITORIES keeps one REPOSITORY for each repository that is busy or was lately.
using repositories_actor = caf::typed_actor<
    // Passes deliveries, in order, each to its REPOSITORY, or to a WRITER when it concerns none.
    caf::reacts_to<deliver_atom, std::vector<delivery_ptr>>,
    // From a REPOSITORY: it has ended (true) or is busy (false).
    caf::reacts_to<left_atom, std::int64_t, bool>,
    // From the NODE: the WRITERs were started anew; all REPOSITORYs start anew with them.
    caf::reacts_to<writers_atom, std::vector<writer_actor>>,
    // How many REPOSITORYs live.
    caf::replies_to<collect_atom>::with<std::uint64_t>,
    // INTERNAL: lets go those that idle.
    caf::reacts_to<tick_atom>>;

/// The SPOOL keeps acknowledged deliveries while the database is away and drains them in order. Detached; owns the SQLite file.
using spool_actor = caf::typed_actor<
    // Keeps deliveries of the client of that index and answers their senders once they are on disk.
    caf::reacts_to<keep_atom, std::uint32_t, std::vector<delivery_ptr>>,
    // From a client: the database is away.
    caf::reacts_to<away_atom>,
    // From the NODE: the clients to drain into.
    caf::reacts_to<writers_atom, std::vector<spool_client>>,
    // INTERNAL: puts what has arrived on disk.
    caf::reacts_to<flush_atom>,
    // INTERNAL: looks for the database, or drains on.
    caf::reacts_to<tick_atom>>;

/// A SITE PARSER unpacks and parses the bodies of syncs, those of one site in order, and refuses what is wrong with them.
/// Detached, so that a large body holds up nobody's delivery.
using site_parser_actor = caf::typed_actor<caf::reacts_to<sync_atom, sync_ptr>>;

/// A SITE WRITER commits syncs: all that have arrived become one transaction. Detached; owns a connection.
using site_writer_actor = caf::typed_actor<
    // Commits the sync, then gives it back as `committed`. With a `failure` code nothing of it was applied.
    caf::reacts_to<commit_atom, sync_ptr>,
    // INTERNAL: commits what has arrived.
    caf::reacts_to<flush_atom>,
    // INTERNAL: tries again those whose sites were busy.
    caf::reacts_to<tick_atom>>;

/// A SITE has one sync with the SITE WRITER at a time, and keeps the fingerprint of what is stored.
using site_actor = caf::typed_actor<
    // Takes one sync; it is answered when it is committed, or refused.
    caf::reacts_to<sync_atom, sync_ptr>,
    // From the SITE WRITER: it is over.
    caf::reacts_to<committed_atom, sync_ptr, failure>,
    // Asks it to end if it has nothing to do; it answers `left`.
    caf::reacts_to<leave_atom>>;

/// SITES keeps one SITE for each site that is busy or was lately, and the SITE WRITERs.
using sites_actor = caf::typed_actor<
    // Passes a parsed sync to its SITE.
    caf::reacts_to<sync_atom, sync_ptr>,
    // From a SITE: it has ended (true) or is busy (false).
    caf::reacts_to<left_atom, std::int64_t, bool>,
    // How many SITEs live.
    caf::replies_to<collect_atom>::with<std::uint64_t>,
    // INTERNAL: lets go those that idle.
    caf::reacts_to<tick_atom>>;

/// The CRAWL WRITER parses the items of crawl partners and commits them: all that have arrived become one transaction. Detached;
/// owns a connection.
using crawl_writer_actor = caf::typed_actor<
    // Parses and commits the request, and answers its sender.
    caf::reacts_to<commit_atom, crawl_ptr>,
    // INTERNAL: commits what has arrived.
    caf::reacts_to<flush_atom>,
    // INTERNAL: tries again those whose sources were busy.
    caf::reacts_to<tick_atom>>;

/// A READER runs queries. Detached; owns a connection.
using reader_actor = caf::typed_actor<
    // Is the database there, writable and migrated? Migrates it when it is behind.
    caf::replies_to<probe_atom>::with<database_report>,
    // Runs a query, which answers by itself.
    caf::reacts_to<query_atom, query_ptr>,
    // INTERNAL: makes partitions ahead of their days and drops those beyond retention.
    caf::reacts_to<tick_atom>>;

/// JOBS claims due jobs, hands each to the handler of its kind, completes them and renews their leases. Detached; owns a
/// connection.
using jobs_actor = caf::typed_actor<
    // Jobs were enqueued: looks for due ones at once.
    caf::reacts_to<hint_atom>,
    // From a job's reply: the attempt is over.
    caf::reacts_to<finish_atom, job_end>,
    // INTERNAL: completes what is finished and claims what is due.
    caf::reacts_to<flush_atom>,
    // INTERNAL: looks for what other nodes enqueued, and for a database that was away.
    caf::reacts_to<tick_atom>,
    // INTERNAL: renews the leases of the jobs in hand.
    caf::reacts_to<renew_atom>>;

/// The RATE LIMITER grants permits for requests to GitHub from what this node has leased.
using rate_limiter_actor = caf::typed_actor<
    // Asks for a permit; its answer follows, at the latest after github_api.permit_wait_max.
    caf::reacts_to<acquire_atom, permit_ptr>,
    // A permit is over, with what GitHub said.
    caf::reacts_to<settle_atom, permit_settlement>,
    // From the RATE KEEPER: reports have been exchanged, or not.
    caf::reacts_to<exchange_atom, rate_exchange_ptr>,
    // What it knows of every budget.
    caf::replies_to<collect_atom>::with<std::vector<github::limiter::budget_view>>,
    // INTERNAL: leases and waits end.
    caf::reacts_to<tick_atom>>;

/// The RATE KEEPER exchanges reports of the RATE LIMITER with the rows that nodes share. Detached; owns a connection.
using rate_keeper_actor = caf::typed_actor<
    // Exchanges them and sends them back.
    caf::reacts_to<exchange_atom, rate_exchange_ptr>,
    // From the RATE LIMITER: it has ended; what it sent before is exchanged.
    caf::reacts_to<stop_atom>,
    // INTERNAL: forgets rows that nobody needs.
    caf::reacts_to<tick_atom>>;

/// The SCHEDULER enqueues jobs by the clock. Detached.
using scheduler_actor = caf::typed_actor<
    // INTERNAL: another interval of the schedule of that index begins.
    caf::reacts_to<tick_atom, std::uint32_t>>;

/// The AUDITOR writes audit lines, equal ones of one second as one. Detached; bounded: what it must drop it counts.
using auditor_actor = caf::typed_actor<caf::reacts_to<audit_atom, audit_line>,
                                       // INTERNAL: writes what has gathered.
                                       caf::reacts_to<tick_atom>>;

/// METRICS gathers what others know and renders everything in Prometheus' text format.
using metrics_actor = caf::typed_actor<caf::replies_to<collect_atom>::with<std::string>,
                                       // INTERNAL: counts the jobs.
                                       caf::reacts_to<tick_atom>>;

/// The NODE starts all others, restarts what may restart, and stops them in order.
using node_actor = caf::typed_actor<
    // Flushes and ends everything; answers when all are down.
    caf::replies_to<stop_atom>::with<bool>,
    // INTERNAL: restarts what fell, after its backoff.
    caf::reacts_to<tick_atom>>;

} // namespace ingot
