#include "storage/crawl_store.hpp"

#include "config/failpoints.hpp"
#include "storage/binary_array.hpp"
#include "storage/search_documents.hpp"
#include "storage/write_session.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

namespace ingot::storage {

namespace {

// Requests of one source go one after the other, whatever node they come to (law 3). One that another transaction holds is left
// out and tried again, so that nobody else waits for it.
constexpr auto lock_sources_sql = R"sql(
  SELECT id, disabled_at IS NOT NULL FROM crawl_sources WHERE id = ANY($1::text[]) ORDER BY id
  FOR NO KEY UPDATE SKIP LOCKED
)sql";

// Tells a source that is held from one that is not there.
constexpr auto find_sources_sql = R"sql(
  SELECT id FROM crawl_sources WHERE id = ANY($1::text[])
)sql";

// What is stored of the items. A statement of its own, after the lock, so that it sees what others committed meanwhile.
constexpr auto stored_hashes_sql = R"sql(
  SELECT i.source_id, i.external_id, encode(i.content_hash, 'hex')
  FROM unnest($1::text[], $2::text[]) AS u (source_id, external_id)
  JOIN crawl_items i ON i.source_id = u.source_id AND i.external_id = u.external_id
)sql";

// Items that say something new. One that says what is stored writes nothing, whoever asks for it (law 2).
constexpr auto write_items_sql = R"sql(
  INSERT INTO crawl_items AS i (source_id, external_id, url, title, summary, raw, content_hash, first_seen, updated_at)
  SELECT u.source_id, u.external_id, u.url, u.title, u.summary, u.raw, decode(u.hash, 'hex'), u.at, u.at
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::text[], $8::timestamptz[])
    WITH ORDINALITY AS u (source_id, external_id, url, title, summary, raw, hash, at, number)
  ORDER BY u.number
  ON CONFLICT (source_id, external_id) DO UPDATE
    SET url = excluded.url, title = excluded.title, summary = excluded.summary, raw = excluded.raw,
        content_hash = excluded.content_hash, version = i.version + 1,
        updated_at = GREATEST(i.updated_at, excluded.updated_at)
    WHERE i.content_hash <> excluded.content_hash
)sql";

constexpr auto statements = std::to_array<named_statement>({
    {"lock_crawl_sources", lock_sources_sql},
    {"find_crawl_sources", find_sources_sql},
    {"stored_crawl_hashes", stored_hashes_sql},
    {"write_crawl_items", write_items_sql},
});

/// What the sources of a batch are.
struct found_sources {
  std::unordered_map<std::string, bool> locked; ///< whether it is disabled, by id
  std::unordered_set<std::string> known;
};

crawl_verdict verdict_of(const found_sources& sources, const std::string& id) {
  const auto at = sources.locked.find(id);
  if (at != sources.locked.end())
    return at->second ? crawl_verdict::disabled : crawl_verdict::taken;
  return sources.known.contains(id) ? crawl_verdict::busy : crawl_verdict::no_source;
}

class postgres_crawl_store final : public crawl_store {
public:
  postgres_crawl_store(const std::string& url, const database_settings& settings)
      : db_{url, settings, write_statements({statements, search_document_statements()})} {
    plan_once(db_);
  }

  void commit(std::span<crawl_request* const> requests) override {
    const auto limit = db_.within_statement_timeout();
    commit_sent_ = false;
    try {
      apply(requests);
      failpoint("before_commit");
      db_.add("commit");
      commit_sent_ = true;
      db_.send();
      failpoint("during_commit");
      db_.run();
      failpoint("after_commit");
    } catch (const std::exception& e) {
      db_.roll_back();
      throw store_error{classify(e), describe(e)};
    }
  }

  std::string refusal_of(const crawl_request& x, std::span<const crawl::item> items) override {
    const auto limit = db_.within_statement_timeout();
    auto part = crawl_request{};
    part.source_id = x.source_id;
    part.received_at = x.received_at;
    part.items.assign(items.begin(), items.end());
    auto why = std::string{};
    try {
      auto* one = &part;
      apply({&one, 1});
      db_.run();
    } catch (const std::exception& e) {
      why = describe(e);
      if (classify(e) != sql_remedy::refused) {
        db_.roll_back();
        throw store_error{classify(e), why};
      }
    }
    db_.roll_back();
    if (part.verdict != crawl_verdict::taken)
      throw store_error{sql_remedy::retry, "another transaction holds the source"};
    return why;
  }

  bool commit_was_sent() const noexcept override { return commit_sent_; }

private:
  /// All but COMMIT: an exchange to lock and read; what is to be written is queued.
  void apply(std::span<crawl_request* const> requests) {
    const auto stored = judge(requests);
    auto taken = std::vector<crawl_request*>{};
    auto arrivals = std::vector<crawl::arrival>{};
    for (auto* x : requests)
      if (x->verdict == crawl_verdict::taken) {
        taken.push_back(x);
        arrivals.push_back({x->source_id, x->items, x->received_at});
      }
    const auto changes = crawl::decide(arrivals, stored);
    for (auto i = std::size_t{0}; i < taken.size(); ++i)
      taken[i]->counts = changes.counts[i];
    write(changes.changed);
  }

  /// Gives every request its verdict. @returns what is stored of their items
  crawl::stored_hashes judge(std::span<crawl_request* const> requests) {
    auto sources = text_array{}, source_id = text_array{}, external_id = text_array{};
    for (const auto* x : requests) {
      sources.add(x->source_id);
      for (const auto& item : x->items) {
        source_id.add(x->source_id);
        external_id.add(item.external_id);
      }
    }
    auto found = found_sources{};
    auto stored = crawl::stored_hashes{};
    db_.add("begin");
    db_.add("lock_crawl_sources", {sources.parameter()}, [&](const answer& rows) {
      for (auto i = 0; i < rows.rows(); ++i)
        found.locked.emplace(rows.text(i, 0), rows.text(i, 1) == "t");
    });
    db_.add("find_crawl_sources", {sources.parameter()}, [&](const answer& rows) {
      for (auto i = 0; i < rows.rows(); ++i)
        found.known.emplace(rows.text(i, 0));
    });
    db_.add("stored_crawl_hashes", {source_id.parameter(), external_id.parameter()}, [&](const answer& rows) {
      for (auto i = 0; i < rows.rows(); ++i)
        stored.emplace(crawl::item_ref(rows.text(i, 0), rows.text(i, 1)), rows.text(i, 2));
    });
    db_.run();
    for (auto* x : requests)
      x->verdict = verdict_of(found, x->source_id);
    return stored;
  }

  void write(std::span<const crawl::changed_item> changed) {
    if (changed.empty())
      return;
    auto source_id = text_array{}, external_id = text_array{}, url = text_array{}, title = text_array{};
    auto summary = text_array{}, hash = text_array{};
    auto raw = jsonb_array{};
    auto at = timestamptz_array{};
    auto documents = std::vector<search_document>{};
    for (const auto& [source, what, received_at] : changed) {
      source_id.add(source);
      external_id.add(what->external_id);
      url.add(what->url);
      title.add(what->title);
      summary.add(what->summary);
      raw.add(what->raw);
      hash.add(what->content_hash);
      at.add(received_at);
      const auto body = what->summary ? std::string_view{*what->summary} : std::string_view{};
      documents.push_back({"crawl_item", crawl::item_ref(source, what->external_id), what->url, what->title, body});
    }
    db_.add("write_crawl_items", {source_id.parameter(), external_id.parameter(), url.parameter(), title.parameter(),
                                  summary.parameter(), raw.parameter(), hash.parameter(), at.parameter()});
    write_search_documents(db_, documents);
  }

  pipeline db_;
  bool commit_sent_ = false;
};

} // namespace

std::unique_ptr<crawl_store> open_crawl_store(const std::string& url, const database_settings& settings) {
  try {
    return std::make_unique<postgres_crawl_store>(url, settings);
  } catch (const std::exception& e) {
    throw store_error{sql_remedy::reconnect, describe(e)};
  }
}

} // namespace ingot::storage
