#include "net/http/message.hpp"

#include "model/json_write.hpp"
#include "net/http/valid_utf8.hpp"

#include <algorithm>

namespace ingot::http {

namespace {

const field* find(const request_head& head, std::string_view name) noexcept {
  const auto it = std::find_if(head.fields.begin(), head.fields.end(), [&](const field& f) { return f.first == name; });
  return it == head.fields.end() ? nullptr : &*it;
}

/// Whether the same request may succeed a second later without anybody doing anything.
bool passes_by_itself(fault code) noexcept {
  const unsigned status = status_of(code);
  return status == 429 || (status == 503 && code != fault::not_configured);
}

} // namespace

std::string_view request_head::operator[](std::string_view lower_case_name) const noexcept {
  const auto* found = find(*this, lower_case_name);
  return found ? std::string_view(found->second) : std::string_view();
}

bool request_head::has(std::string_view lower_case_name) const noexcept {
  return find(*this, lower_case_name) != nullptr;
}

void set_field(response& to, std::string_view name, std::string value) {
  std::erase_if(to.fields, [&](const field& x) { return x.first == name; });
  to.fields.emplace_back(name, std::move(value));
}

unsigned status_of(fault code) noexcept {
  switch (code) {
  case fault::none:
    return 200;
  case fault::malformed_body:
  case fault::missing_header:
  case fault::missing_field:
  case fault::bad_parameter:
  case fault::unstorable_text:
  case fault::bad_request_framing:
    return 400;
  case fault::missing_signature:
  case fault::bad_signature:
  case fault::unauthorized:
    return 401;
  case fault::forbidden:
    return 403;
  case fault::not_found:
    return 404;
  case fault::method_not_allowed:
    return 405;
  case fault::request_timeout:
    return 408;
  case fault::conflict:
    return 409;
  case fault::body_too_large:
    return 413;
  case fault::target_too_long:
    return 414;
  case fault::unsupported_media_type:
    return 415;
  case fault::expectation_failed:
    return 417;
  case fault::invalid_fields:
  case fault::refused_by_database:
    return 422;
  case fault::overloaded:
  case fault::rate_limited:
    return 429;
  case fault::head_too_large:
    return 431;
  case fault::not_implemented:
    return 501;
  case fault::upstream_failed:
    return 502;
  case fault::not_configured:
  case fault::storage_unavailable:
  case fault::lost:
  case fault::stopping:
  case fault::too_many_connections:
    return 503;
  case fault::version_not_supported:
    return 505;
  case fault::internal:
    break;
  }
  return 500;
}

response refusal(const failure& why, std::string_view request_id) {
  response answer;
  answer.status = status_of(why.code);
  answer.why = why.code;
  auto& out = answer.body;
  out = R"({"error":{"code":)";
  append_json_string(out, to_string(why.code));
  out += R"(,"message":)";
  append_json_string(out, valid_utf8(why.message));
  out += R"(,"details":[)";
  for (const auto& detail : why.details) {
    if (out.back() != '[')
      out += ',';
    out += R"({"pointer":)";
    append_json_string(out, valid_utf8(detail.pointer));
    out += R"(,"message":)";
    append_json_string(out, valid_utf8(detail.message));
    out += '}';
  }
  out += R"(],"request_id":)";
  append_json_string(out, request_id);
  out += "}}";
  if (passes_by_itself(why.code))
    answer.fields.emplace_back("retry-after", "1");
  return answer;
}

} // namespace ingot::http
