#pragma once

#include "model/stripe/donation_book.hpp"
#include "storage/pipeline.hpp"

#include <map>
#include <span>
#include <string>

/// Tables `donations` and `donation_objects`.
namespace ingot::storage {

/// What the functions below run.
std::span<const named_statement> donation_statements();

/// Objects of Stripe's, each with the donation it belongs to when nobody has told of it before.
using donation_objects = std::map<std::string, std::string>;

/// Queues: locks the objects, and the donations that they belong to, until the transaction ends; `book` knows them once the queue
/// has run. Objects that are new are known from now on, so that two nodes that learn of one at the same moment come one after the
/// other.
void load_donations(pipeline& db, const donation_objects& objects, stripe::donation_book& book);

/// Queues what has changed. @pre load_donations() of the same transaction has run
void write_donations(pipeline& db, const stripe::donation_book::changes& changes);

} // namespace ingot::storage
