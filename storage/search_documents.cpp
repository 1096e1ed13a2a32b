#include "storage/search_documents.hpp"

#include "storage/binary_array.hpp"

#include <array>

namespace ingot::storage {

namespace {

// No generation is begun or ended until this transaction is over. A statement of its own, so that the next one sees the state as
// it is then.
constexpr auto hold_search_sql = R"sql(
  SELECT ingot_hold_search()
)sql";

// Documents in the generation that answers and in the one that grows.
constexpr auto write_documents_sql = R"sql(
  INSERT INTO search_documents (generation, kind, ref, url, title, body, tsv)
  SELECT g.generation, u.kind, u.ref, u.url, u.title, u.body, ingot_search_words(g.language, u.title, u.body)
  FROM (SELECT generation, language FROM search_state
        UNION ALL SELECT building, building_language FROM search_state WHERE building IS NOT NULL) g
  CROSS JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
    WITH ORDINALITY AS u (kind, ref, url, title, body, number)
  ORDER BY g.generation, u.number
  ON CONFLICT (generation, kind, ref) DO UPDATE
    SET url = excluded.url, title = excluded.title, body = excluded.body, tsv = excluded.tsv
)sql";

// Crawl items, by their key.
constexpr auto crawl_items_after = R"sql(
  SELECT row_number() OVER (ORDER BY i.source_id, i.external_id) AS number, i.source_id || '/' || i.external_id AS ref, i.url,
         i.title, COALESCE(i.summary, '') AS body
  FROM (SELECT * FROM crawl_items
        WHERE (source_id, external_id) > (split_part(($1::text[])[1], '/', 1),
                                          substr(($1::text[])[1], strpos(($1::text[])[1], '/') + 1))
        ORDER BY source_id, external_id LIMIT ($2::int8[])[1]) i
)sql";

constexpr auto statements = std::to_array<named_statement>({
    {"hold_search", hold_search_sql},
    {"write_search_documents", write_documents_sql},
});

constexpr auto families = std::to_array<search_family>({
    {"crawl_item", crawl_items_after},
});

} // namespace

std::span<const search_family> search_families() {
  return families;
}

std::span<const named_statement> search_document_statements() {
  return statements;
}

void write_search_documents(pipeline& db, std::span<const search_document> documents) {
  if (documents.empty())
    return;
  auto kind = text_array{}, ref = text_array{}, url = text_array{}, title = text_array{}, body = text_array{};
  for (const auto& x : documents) {
    kind.add(x.kind);
    ref.add(x.ref);
    url.add(x.url);
    title.add(x.title);
    body.add(x.body);
  }
  db.add("hold_search");
  db.add("write_search_documents", {kind.parameter(), ref.parameter(), url.parameter(), title.parameter(), body.parameter()});
}

} // namespace ingot::storage
