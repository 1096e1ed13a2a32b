#pragma once

#include <string>
#include <string_view>

namespace ingot::routes {

/// The OpenAPI 3.1 document of table(). What a route's description names stands in the components of its family.
std::string openapi_document(std::string_view version);

/// What one family of routes adds to the document's components: JSON members, comma-separated, without braces.
struct openapi_components {
  std::string_view parameters = {};     ///< of paths, queries and headers
  std::string_view request_bodies = {}; ///< `requestBodies`
  std::string_view responses = {};
  std::string_view schemas = {};
};

openapi_components github_components();
openapi_components site_components();
openapi_components job_components();
openapi_components crawl_components();
openapi_components event_components();
openapi_components stripe_components();
openapi_components rollup_components();
openapi_components server_components();
openapi_components nightly_components();
openapi_components limit_components();
openapi_components account_components();
openapi_components content_components();
openapi_components audit_components();
openapi_components submission_components();
openapi_components console_components();

} // namespace ingot::routes
