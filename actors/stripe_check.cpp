#include "actors/stripe_check.hpp"

#include "model/json_object.hpp"
#include "model/stripe/event_page.hpp"
#include "net/client/client.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <stdexcept>
#include <unordered_set>

namespace ingot {

namespace {

constexpr auto request_timeout = std::chrono::seconds{60};

/// Stripe gives at most 100 events a page; each may be as large as the webhook takes, and most are a few kilobytes.
constexpr std::size_t page_bytes_max = std::size_t{32} * 1024 * 1024;

/// Pages of one check, 10,000 events: the rest is found by the next one, when these are taken.
constexpr auto pages_max = 100;

/// Why there is no page, and whether another attempt is worth it.
struct no_page : std::runtime_error {
  no_page(bool for_good_, const std::string& why) : std::runtime_error{why}, for_good{for_good_} {}
  bool for_good;
};

struct check_counts {
  std::size_t listed = 0, unreadable = 0, applied = 0;
  bool more = false; ///< pages_max was reached
};

client::response ask(const std::string& starting_after, const stripe_settings& of) {
  auto x = client::request{};
  x.url = of.api_url + "/v1/events?delivery_success=false&limit=100";
  // Only what could be a donation: events of other endpoints of the account would fill the pages.
  for (const auto type : stripe::donation_types())
    x.url += "&types%5B%5D=" + std::string{type};
  if (!starting_after.empty())
    x.url += "&starting_after=" + starting_after;
  x.headers = {
      {"Accept", "application/json"}, {"Authorization", "Bearer " + of.secret_key}, {"User-Agent", "ingot/" INGOT_VERSION}};
  x.timeout = request_timeout;
  x.answer_bytes_max = page_bytes_max;
  x.private_addresses = true; // the operator chose the address
  x.compressed = true;
  try {
    return client::perform(x);
  } catch (const client::no_response& e) {
    throw no_page{e.kind() == client::trouble::bad_url, std::string{"no answer from Stripe's API: "} + e.what()};
  }
}

stripe::event_page page_after(const std::string& starting_after, const stripe_settings& of) {
  const auto got = ask(starting_after, of);
  if (got.status == 401 || got.status == 403)
    throw no_page{true, "Stripe's API refuses the key (" + std::to_string(got.status) +
                            "): STRIPE_SECRET_KEY must be one that may read events"};
  if (got.status != 200)
    throw no_page{false, "Stripe's API answered " + std::to_string(got.status)};
  if (got.cut)
    throw no_page{true, "a page of Stripe's API is longer than " + std::to_string(page_bytes_max) + " bytes"};
  auto parsed = stripe::parse_event_page(got.body);
  if (const auto* why = std::get_if<failure>(&parsed))
    throw no_page{false, "what Stripe's API answered is no list of events: " + why->message};
  return std::move(std::get<stripe::event_page>(parsed));
}

bool is_plain_id(const std::string& id) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !id.empty() && std::all_of(id.begin(), id.end(), is_part);
}

/// Applies the events of a page that were never taken. @returns how many
std::size_t apply(stripe::event_page&& page, storage::stripe_store& store, const node_context& context) {
  auto ids = std::vector<std::string>{};
  for (const auto& x : page.events)
    ids.push_back(x.what.id);
  const auto unknown = store.unknown_of(ids);
  const auto fresh = std::unordered_set<std::string>{unknown.begin(), unknown.end()};
  auto items = std::vector<storage::stripe_item>{};
  for (auto& x : page.events)
    if (fresh.contains(x.what.id)) {
      auto& item = items.emplace_back();
      item.kept = storage::stripe_delivery(x.what, x.body, context.now(), storage::stripe_road::missed_event_check);
      item.what = std::move(x.what);
      item.road = storage::stripe_road::missed_event_check;
    }
  // One by one: they are few, and what the database refuses stands alone.
  auto applied = std::size_t{0};
  for (auto& item : items) {
    auto* one = &item;
    try {
      store.commit({&one, 1});
    } catch (const storage::store_error& e) {
      if (e.remedy() != storage::sql_remedy::refused)
        throw;
      store.keep_failed(item.kept, e.what());
      item.outcome = delivery_outcome::failed;
    }
    applied += item.outcome == delivery_outcome::duplicate ? 0 : 1;
    context.counters.intake_items.at({"stripe", to_string(item.outcome)}).add();
    log::warn("stripe event found by the missed-event check",
              {{"delivery", item.kept.id}, {"stripe_event", item.kept.event}, {"outcome", to_string(item.outcome)}});
  }
  return applied;
}

check_counts check(storage::stripe_store& store, const node_context& context) {
  auto counts = check_counts{};
  auto after = std::string{};
  for (auto pages = 0; pages < pages_max; ++pages) {
    auto page = page_after(after, context.config.stripe);
    after = page.last_id;
    counts.more = page.has_more;
    counts.listed += page.events.size();
    counts.unreadable += page.unreadable;
    counts.applied += apply(std::move(page), store, context);
    if (!counts.more || !is_plain_id(after))
      break;
  }
  return counts;
}

} // namespace

job_outcome check_stripe(const claimed_job&, const node_context& context) {
  if (context.config.stripe.secret_key.empty())
    return job_succeeded{R"({"skipped":"this node has no STRIPE_SECRET_KEY"})"};
  try {
    const auto counts = check(*context.open_stripe_store(), context);
    return job_succeeded{json_object{}
                             .add("listed", counts.listed)
                             .add("applied", counts.applied)
                             .add("unreadable", counts.unreadable)
                             .add("more", counts.more)
                             .text()};
  } catch (const no_page& e) {
    return e.for_good ? job_outcome{job_failed_for_good{e.what()}} : job_outcome{job_failed_for_now{e.what()}};
  } catch (const std::exception& e) {
    return job_failed_for_now{storage::describe(e)};
  }
}

} // namespace ingot
