#include "actors/crawl_writer.hpp"

#include "actors/failure_guard.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace ingot {

namespace {

using crawl_writer_pointer = crawl_writer_actor::stateful_pointer<crawl_writer_state>;
using waiting_request = crawl_writer_state::waiting_request;
using request_span = std::span<const waiting_request>;

/// Deadlocks and serialization failures: the other side has gone on by the second try.
constexpr auto attempts_max = 5;

/// How often a source that another transaction holds is tried again, and for how long.
constexpr auto busy_pause = std::chrono::milliseconds{5};
constexpr auto busy_patience = std::chrono::seconds{5};

/// In one transaction, unless one request alone has more: it must end within the statement timeout.
constexpr auto commit_items_max = std::size_t{2'000};
constexpr auto commit_bytes_max = std::size_t{16} * 1024 * 1024;

/// More refused items than that mean that it is not the items.
constexpr auto refused_items_max = std::size_t{20};

std::size_t bytes_of(const crawl::item& x) {
  return x.external_id.size() + x.url.size() + x.title.size() + (x.summary ? x.summary->size() : 0) + (x.raw ? x.raw->size() : 0);
}

/// Is it the operator's to mend, and no mistake of the sender's?
bool is_ours(fault code) {
  return code == fault::storage_unavailable || code == fault::refused_by_database || code == fault::internal;
}

void count(telemetry::metrics& counters, const crawl_in_hand& x, fault code) {
  const auto add = [&](const char* outcome, std::size_t items) {
    if (items > 0)
      counters.intake_items.at({"crawl", outcome}).add(static_cast<double>(items));
  };
  if (is_ours(code))
    return add("failed", std::max(x.items.size() + x.refused, std::size_t{1})); // a body that cannot be read has no items yet
  if (code != fault::none || x.verdict != storage::crawl_verdict::taken)
    return;
  add("created", x.counts.created);
  add("updated", x.counts.updated);
  add("unchanged", x.counts.unchanged);
  add("rejected", x.rejected - x.refused);
  add("failed", x.refused);
}

void end(crawl_writer_pointer self, const crawl_ptr& x, const failure& why) {
  count(self->state.context->counters, *x, why.code);
  x->answer(*x, why);
}

/// One whose source another node's transaction holds comes again in a moment; nobody else waits for it.
void end_or_retry(crawl_writer_pointer self, const waiting_request& x) {
  if (x.request->verdict != storage::crawl_verdict::busy)
    return end(self, x.request, {});
  if (self->clock().now() - x.since > busy_patience)
    return end(self, x.request,
               {fault::storage_unavailable, "another node is busy with this source; nothing of this request is stored", {}});
  self->state.busy.push_back(x);
  if (!std::exchange(self->state.retry_sent, true))
    self->delayed_send(self, busy_pause, tick_atom_v);
}

/// One transaction for all; throws store_error.
void commit_once(crawl_writer_state& state, request_span requests) {
  if (!state.store)
    state.store = state.context->open_crawl_store();
  auto plain = std::vector<storage::crawl_request*>{};
  for (const auto& x : requests)
    plain.push_back(x.request.get());
  const auto started = std::chrono::steady_clock::now();
  state.store->commit(plain);
  state.context->counters.intake_commit_seconds.observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
}

/// An item that the database refuses, and why.
struct refused_item {
  std::size_t place = 0; ///< in crawl_request::items
  std::string why;
};

/// Adds the refused ones among `count` items to `found`, halving what is refused together. Throws store_error.
void find_refused(storage::crawl_store& store, const storage::crawl_request& x, std::size_t from, std::size_t count,
                  std::vector<refused_item>& found) {
  if (count == 0 || found.size() > refused_items_max)
    return;
  const auto why = store.refusal_of(x, std::span{x.items}.subspan(from, count));
  if (why.empty())
    return;
  if (count == 1) {
    found.push_back({from, why});
    return;
  }
  find_refused(store, x, from, count / 2, found);
  find_refused(store, x, from + count / 2, count - count / 2, found);
}

/// Takes the items that the database refuses out of the request and names them in its errors. Throws store_error.
/// @returns whether the rest may be tried
bool leave_out_refused(storage::crawl_store& store, crawl_in_hand& x) {
  auto found = std::vector<refused_item>{};
  find_refused(store, x, 0, x.items.size(), found);
  if (found.empty() || found.size() > refused_items_max || found.size() == x.items.size())
    return false;
  for (auto at = found.rbegin(); at != found.rend(); ++at) {
    const auto item = x.items.begin() + static_cast<std::ptrdiff_t>(at->place);
    x.reject({{item->index, "/items/" + std::to_string(item->index), to_string(fault::refused_by_database), at->why}});
    x.items.erase(item);
  }
  x.refused += found.size();
  std::stable_sort(x.errors.begin(), x.errors.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  return true;
}

void commit(crawl_writer_pointer self, request_span requests);

void refuse_all(crawl_writer_pointer self, request_span requests, const failure& why) {
  for (const auto& x : requests)
    end(self, x.request, why);
}

void say_away(crawl_writer_pointer self, request_span requests, const storage::store_error& e, bool perhaps_stored) {
  log::warn("database is away", {{"reason", e.what()}});
  self->state.store = nullptr;
  refuse_all(self, requests,
             {fault::storage_unavailable,
              perhaps_stored ? "the database went away during COMMIT; send it again: what is stored then counts as unchanged"
                             : "the database is away; nothing of this request is stored, send it again",
              {}});
}

void commit_halves(crawl_writer_pointer self, request_span requests, const std::string& why) {
  if (requests.size() > 1) {
    self->state.context->counters.batches_bisected.add();
    commit(self, requests.first(requests.size() / 2));
    return commit(self, requests.subspan(requests.size() / 2));
  }
  auto& x = *requests.front().request;
  try {
    if (self->state.store && leave_out_refused(*self->state.store, x))
      return commit(self, requests);
  } catch (const storage::store_error& e) {
    return say_away(self, requests, e, false);
  }
  log::error("crawl items refused", {{"request_id", x.request_id}, {"source", x.source_id}, {"reason", why}});
  end(self, requests.front().request, {fault::refused_by_database, why, {}});
}

void commit(crawl_writer_pointer self, request_span requests) {
  auto& state = self->state;
  for (auto attempt = 1;; ++attempt) {
    try {
      commit_once(state, requests);
      for (const auto& x : requests)
        end_or_retry(self, x);
      return;
    } catch (const storage::store_error& e) {
      if (e.remedy() == storage::sql_remedy::reconnect) {
        const auto was_connected = state.store != nullptr;
        const auto perhaps_stored = was_connected && state.store->commit_was_sent();
        state.store = nullptr;
        // A connection that died while idle tells nothing of the database: one try with a new one. Once COMMIT was asked for, the
        // counts of another try would be those of a repetition.
        if (was_connected && attempt == 1 && !perhaps_stored)
          continue;
        return say_away(self, requests, e, perhaps_stored);
      }
      if (e.remedy() == storage::sql_remedy::refused || (attempt == attempts_max && requests.size() > 1))
        return commit_halves(self, requests, e.what());
      if (attempt == attempts_max)
        return refuse_all(
            self, requests,
            {fault::storage_unavailable, "other transactions were in the way; nothing of this request is stored", {}});
    }
  }
}

void flush(crawl_writer_pointer self) {
  auto& state = self->state;
  state.flush_sent = false;
  auto batch = std::exchange(state.busy, {});
  std::move(state.batch.begin(), state.batch.end(), std::back_inserter(batch));
  state.batch.clear();
  for (auto rest = request_span{batch}; !rest.empty();) {
    auto count = std::size_t{0}, items = std::size_t{0}, bytes = std::size_t{0};
    for (; count < rest.size(); ++count) {
      const auto& of_request = rest[count].request->items;
      items += of_request.size();
      for (const auto& x : of_request)
        bytes += bytes_of(x);
      if (count > 0 && (items > commit_items_max || bytes > commit_bytes_max))
        break;
    }
    commit(self, rest.first(count));
    rest = rest.subspan(count);
  }
}

/// @returns what is wrong with the body; nothing when it is parsed. It is gone then.
std::optional<failure> parse(const node_context& of_node, crawl_in_hand& x) {
  auto parsed = crawl::parse_submission(x.body, of_node.config.crawl.items_max);
  x.body = {};
  if (auto* why = std::get_if<failure>(&parsed))
    return std::move(*why);
  static_cast<crawl::submission&>(x) = std::move(std::get<crawl::submission>(parsed));
  return std::nullopt;
}

void take(crawl_writer_pointer self, crawl_ptr x) {
  auto& state = self->state;
  auto why = std::optional<failure>{};
  try {
    why = parse(*state.context, *x);
  } catch (const std::exception& e) { // no memory: nobody else's items go with these
    log::error("crawl items not read", {{"request_id", x->request_id}, {"reason", std::string_view{e.what()}}});
    why = failure{fault::internal, std::string{"the body cannot be read: "} + e.what(), {}};
  }
  if (why)
    return end(self, x, *why);
  state.batch.push_back({std::move(x), self->clock().now()});
  if (!std::exchange(state.flush_sent, true))
    self->send(self, flush_atom_v);
}

} // namespace

crawl_writer_actor::behavior_type crawl_writer(crawl_writer_pointer self, context_ptr context) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  return {
      [self](commit_atom, crawl_ptr x) { take(self, std::move(x)); },
      [self](flush_atom) { flush(self); },
      [self](tick_atom) {
        self->state.retry_sent = false;
        flush(self);
      },
  };
}

} // namespace ingot
