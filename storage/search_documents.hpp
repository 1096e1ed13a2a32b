#pragma once

#include "storage/pgx.hpp"
#include "storage/pipeline.hpp"

#include <span>
#include <string>
#include <string_view>

/// Table `search_documents`: what the search finds. A family of rows that is to be found writes its documents in the transactions
/// that change its rows, and tells a rebuild where to read them all.
namespace ingot::storage {

/// What is found of one row. Views are the caller's.
struct search_document {
  std::string_view kind; ///< of its family
  std::string ref;       ///< which row; unique within the kind
  std::string_view url, title, body;
};

/// A family of rows that are found.
struct search_family {
  std::string_view kind;
  /// SELECT of at most ($2::int8[])[1] documents that come after the ref ($1::text[])[1] (empty: from the first on), as columns
  /// `number` (their order, from 1), `ref`, `url`, `title`, `body`; a writer of several documents writes them in this order.
  std::string_view documents_after;
};

/// All families, in the order in which a rebuild copies them.
std::span<const search_family> search_families();

/// What write_search_documents() runs.
std::span<const named_statement> search_document_statements();

/// Queues the writing of documents into every live generation, to stand after the rows' own statements. @pre they are in their
/// family's order, so that nobody who writes the same ones deadlocks; each once
void write_search_documents(pipeline& db, std::span<const search_document> documents);

/// The same in a transaction of libpqxx.
void write_search_documents(pqxx::transaction_base& tx, std::span<const search_document> documents);

/// Keeps rebuilds off until the transaction ends. Whoever locks rows of a family besides takes this first: a rebuild that waits
/// holds up those who come behind it.
void hold_search(pqxx::transaction_base& tx);

/// Takes one document out of every live generation.
void remove_search_document(pqxx::transaction_base& tx, std::string_view kind, std::string_view ref);

} // namespace ingot::storage
