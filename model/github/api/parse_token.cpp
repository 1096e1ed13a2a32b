#include "model/github/api/parse.hpp"

#include "model/github/api/answer_document.hpp"

#include <algorithm>

namespace ingot::github::api {

namespace {

/// A token goes into a header, so it holds nothing but visible ASCII. What came instead is told to nobody (law 9).
bool is_token(std::string_view text) noexcept {
  constexpr auto token_bytes_max = std::size_t{4096};
  return !text.empty() && text.size() <= token_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

failure no_token(const char* what) {
  return {fault::missing_field, what, {}};
}

} // namespace

parsed<installation_token> parse_installation_token(std::string_view body) {
  auto document = answer_document{};
  if (document.read(body))
    return no_token("the answer is no JSON object");
  const auto x = json_members<"token", "expires_at">{document.root()};
  const auto token = x.text<"token">().value_or("");
  const auto expires_at = x.time<"expires_at">();
  if (!is_token(token) || !expires_at)
    return no_token("the answer holds no token with its time of expiry");
  return installation_token{std::string{token}, *expires_at};
}

parsed<refreshed_token> parse_refreshed_token(std::string_view body) {
  auto document = answer_document{};
  if (document.read(body))
    return no_token("the answer is no JSON object");
  const auto x =
      json_members<"access_token", "refresh_token", "expires_in", "refresh_token_expires_in", "error">{document.root()};
  auto out = refreshed_token{};
  if (const auto error = x.text<"error">(); error && is_token(*error)) {
    out.error = cut_for_echo(*error);
    return out;
  }
  out.access_token = x.text<"access_token">().value_or("");
  out.refresh_token = x.text<"refresh_token">().value_or("");
  out.expires_in = x.integer<"expires_in">();
  out.refresh_expires_in = x.integer<"refresh_token_expires_in">();
  if (!is_token(out.access_token) || (!out.refresh_token.empty() && !is_token(out.refresh_token)))
    return no_token("the answer holds no access token");
  return out;
}

} // namespace ingot::github::api
