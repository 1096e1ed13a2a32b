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

// A document in the generation that answers and in the one that grows.
constexpr auto remove_document_sql = R"sql(
  DELETE FROM search_documents WHERE kind = $1 AND ref = $2
    AND generation IN (SELECT generation FROM search_state UNION ALL SELECT building FROM search_state WHERE building IS NOT NULL)
)sql";

// Listed servers, by name.
constexpr auto mcp_servers_after = R"sql(
  SELECT row_number() OVER (ORDER BY s.name) AS number, s.name AS ref, s.repository_url AS url,
         CASE WHEN s.title = '' THEN s.name ELSE s.title END AS title,
         s.name || E'\n' || s.description || E'\n' || left(COALESCE(s.readme, ''), 100000) AS body
  FROM (SELECT * FROM mcp_servers WHERE name > ($1::text[])[1] AND status <> 'deleted'
        ORDER BY name LIMIT ($2::int8[])[1]) s
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
    {"mcp_server", mcp_servers_after},
});

} // namespace

std::span<const search_family> search_families() {
  return families;
}

std::span<const named_statement> search_document_statements() {
  return statements;
}

namespace {

/// The parameters that say what is written.
struct document_arrays {
  text_array kind, ref, url, title, body;

  explicit document_arrays(std::span<const search_document> documents) {
    for (const auto& x : documents) {
      kind.add(x.kind);
      ref.add(x.ref);
      url.add(x.url);
      title.add(x.title);
      body.add(x.body);
    }
  }
};

} // namespace

void write_search_documents(pipeline& db, std::span<const search_document> documents) {
  if (documents.empty())
    return;
  auto x = document_arrays{documents};
  db.add("hold_search");
  db.add("write_search_documents",
         {x.kind.parameter(), x.ref.parameter(), x.url.parameter(), x.title.parameter(), x.body.parameter()});
}

void write_search_documents(pqxx::transaction_base& tx, std::span<const search_document> documents) {
  if (documents.empty())
    return;
  auto x = document_arrays{documents};
  hold_search(tx);
  pgx::query(tx, write_documents_sql, x.kind.parameter(), x.ref.parameter(), x.url.parameter(), x.title.parameter(),
             x.body.parameter());
}

void hold_search(pqxx::transaction_base& tx) {
  tx.exec(hold_search_sql);
}

void remove_search_document(pqxx::transaction_base& tx, std::string_view kind, std::string_view ref) {
  hold_search(tx);
  pgx::query(tx, remove_document_sql, kind, ref);
}

} // namespace ingot::storage
