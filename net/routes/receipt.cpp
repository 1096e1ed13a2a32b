#include "net/routes/receipt.hpp"

#include "model/json_object.hpp"
#include "net/routes/database_answer.hpp"
#include "storage/delivery_receipt.hpp"

namespace ingot::routes {

namespace {

/// Deliveries that are named; of more, only the number is told.
constexpr auto named_max = 100u;

std::string to_json(const github::missed_delivery& x) {
  auto out = json_object{};
  out.add("guid", x.guid).add("deliveryId", x.delivery_id).add("event", x.event).add_unless_empty("action", x.action);
  out.add("status", x.status).add("deliveredAt", std::optional{x.delivered_at}).add("asked", x.asked);
  return out.add("askedAt", x.asked_at).add_unless_empty("unrecoverable", x.unrecoverable).text();
}

std::string to_json(storage::connection& db, const storage::delivery_receipt& x) {
  auto named = std::vector<std::string>{};
  for (const auto& missed : storage::missed_deliveries(db, x.hook, named_max))
    named.push_back(to_json(missed));
  auto out = json_object{};
  out.add_unless_empty("hook", x.hook).add("completeThrough", std::optional{x.complete_through});
  out.add("checkedAt", std::optional{x.checked_at}).add_unless_empty("error", x.error);
  out.add("missing", x.missing).add("unrecoverable", x.unrecoverable);
  return out.add_raw("deliveries", json_array(named)).text();
}

} // namespace

void show_receipt(const services& what, http::request req, path_parameters, http::responder done) {
  answer_by_reading(what, std::move(req), std::move(done), [](storage::connection& db, const http::request&) {
    auto all = std::vector<std::string>{};
    for (const auto& x : storage::list_receipts(db))
      all.push_back(to_json(db, x));
    return json_response(json_object{}.add_raw("receipts", json_array(all)).text());
  });
}

} // namespace ingot::routes
