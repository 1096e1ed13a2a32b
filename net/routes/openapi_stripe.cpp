#include "net/routes/openapi.hpp"

namespace ingot::routes {

openapi_components stripe_components() {
  return {
      R"json(
 "stripe_signature":{"name":"Stripe-Signature","in":"header","required":true,"description":"t=<unix seconds>,v1=<HMAC-SHA256 of t, a dot and the raw body, hexadecimal>; any v1 that a live secret makes counts","schema":{"type":"string","pattern":"^.*v1=[0-9a-f]{64}.*$"}})json",
      R"json(
 "stripe_event":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["id","type","created"],"properties":{"id":{"type":"string"},"type":{"type":"string"},"created":{"type":"integer"},"data":{"type":"object"}}}}}})json",
      R"json(
 "stripe_receipt":{"description":"Kept: COMMITted, or on disk until the database is back.","content":{"application/json":{"schema":{"type":"object","required":["received","status"],"properties":{"received":{"const":true},
  "status":{"enum":["stored","duplicate","ignored","failed","spooled"],"description":"stored: kept and applied. duplicate: this id was taken before. ignored: kept; its type makes no donation. failed: kept with its reason; its object lacks what is needed. spooled: kept on disk."}}}}}})json",
      {}};
}

} // namespace ingot::routes
