#include "tests/support/github_standin/standin_request.hpp"

#include "model/base64.hpp"
#include "model/digest.hpp"
#include "model/sha256.hpp"

#include <algorithm>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <simdjson.h>

namespace ingot::testing {

namespace {

std::optional<std::string> from_base64url(std::string_view text) {
  auto plain = std::string{text};
  std::replace(plain.begin(), plain.end(), '-', '+');
  std::replace(plain.begin(), plain.end(), '_', '/');
  plain.append((4 - plain.size() % 4) % 4, '=');
  return from_base64(plain);
}

bool is_signed_by(const std::string& public_key, std::string_view text, const std::string& signature) {
  auto* bio = BIO_new_mem_buf(public_key.data(), static_cast<int>(public_key.size()));
  auto* key = PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  auto* context = EVP_MD_CTX_new();
  const auto good = key != nullptr && EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key) == 1 &&
                    EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return good;
}

std::string hex_of(std::string_view bytes) {
  std::string out;
  for (const auto c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

/// Are they the same by weak comparison (RFC 9110 section 8.8.3.2)?
bool names(std::string_view if_none_match, std::string_view etag) {
  if (etag.starts_with("W/"))
    etag.remove_prefix(2);
  return !etag.empty() && if_none_match.find(etag) != std::string_view::npos;
}

} // namespace

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    out.push_back(percent_decoded(path.substr(0, end)));
    path.remove_prefix(end);
  }
  while (!out.empty() && out.back().empty())
    out.pop_back();
  return out;
}

standin_request::standin_request(github_standin& of, const web_request& request)
    : of_{of}, state_{*of.state_}, request_{request} {}

web_answer standin_request::answer() {
  std::optional<web_answer> early;
  {
    const auto lock = std::lock_guard{state_.mutex};
    ++state_.counts.requests;
    if (request_["user-agent"].empty()) {
      ++state_.counts.without_user_agent;
      early = problem(403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header");
    } else {
      early = find_caller();
    }
  }
  auto out = early ? std::move(*early) : metered();
  const auto lock = std::lock_guard{state_.mutex};
  auto& counted = state_.counts.endpoints[request_.method + ' ' + endpoint_];
  ++counted.requests;
  if (out.status == 304) {
    ++counted.not_modified;
    ++state_.counts.not_modified;
  }
  if (out.status >= 400)
    ++counted.errors;
  out.headers.emplace_back("server", "github.com");
  out.headers.emplace_back("x-github-request-id", std::to_string(state_.counts.requests));
  out.headers.emplace_back("vary", "Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept, X-Requested-With");
  out.headers.emplace_back("x-github-media-type", "github.v3; format=json");
  return out;
}

/// @returns the refusal of a credential that is none. Under the lock.
std::optional<web_answer> standin_request::find_caller() {
  const auto text = request_["authorization"];
  if (text.empty() || text.starts_with("Basic "))
    return std::nullopt;
  caller_.anonymous = false;
  caller_.text = text.substr(std::min(text.find(' ') + 1, text.size()));
  if (std::count(caller_.text.begin(), caller_.text.end(), '.') == 2) {
    caller_.is_app = true;
    caller_.budget = "app";
    if (is_valid_jwt(caller_.text))
      return std::nullopt;
    ++state_.counts.bad_credentials;
    return problem(401, "A JSON web token could not be decoded");
  }
  const auto found = state_.tokens.find(caller_.text);
  if (found == state_.tokens.end() || (found->second.expires_at && *found->second.expires_at <= seconds_now())) {
    ++state_.counts.bad_credentials;
    return problem(401, "Bad credentials");
  }
  caller_.token = found->second;
  if (const auto at = state_.installations.find(caller_.token.installation_id); at != state_.installations.end()) {
    caller_.budget = "installation/" + std::to_string(at->first);
    if (at->second.suspended)
      return problem(403, "This installation has been suspended");
  } else {
    caller_.budget = caller_.token.budget.empty() ? "user/" + std::to_string(caller_.token.user_id) : caller_.token.budget;
  }
  return std::nullopt;
}

/// RS256, `iss` the App, not expired, at most ten minutes ahead.
bool standin_request::is_valid_jwt(std::string_view jwt) const {
  const auto first = jwt.find('.'), second = jwt.rfind('.');
  const auto payload = from_base64url(jwt.substr(first + 1, second - first - 1));
  const auto signature = from_base64url(jwt.substr(second + 1));
  if (!payload || !signature || !is_signed_by(state_.app.public_key, jwt.substr(0, second), *signature))
    return false;
  simdjson::dom::parser parser;
  simdjson::dom::element claims;
  std::int64_t issued = 0, expires = 0, issuer = 0;
  if (parser.parse(*payload).get(claims) || claims["iat"].get(issued) || claims["exp"].get(expires))
    return false;
  std::string_view name;
  const auto ours = claims["iss"].get(issuer) == simdjson::SUCCESS
                        ? issuer == state_.app.id
                        : claims["iss"].get(name) == simdjson::SUCCESS &&
                              (name == state_.app.client_id || name == std::to_string(state_.app.id));
  const auto now = seconds_now();
  return ours && issued <= now && expires > now && expires <= now + 600;
}

/// The request, with what GitHub's limits say of it.
web_answer standin_request::metered() {
  const auto graphql = request_.path == "/graphql";
  const auto resource = std::string{graphql ? "graphql" : "core"};
  const auto counts = request_.path != "/rate_limit";
  const auto points = graphql || request_.method == "GET" || request_.method == "HEAD" ? 1u : 5u;
  std::optional<fault_kind> fault;
  budget_book::verdict verdict;
  std::size_t at_once = 0;
  std::shared_ptr<void> hold;
  {
    const auto lock = std::lock_guard{state_.mutex};
    verdict = state_.budget.begin(caller_.budget, resource, points, counts);
    at_once = ++state_.at_once;
    state_.counts.at_once_max = std::max(state_.counts.at_once_max, at_once);
    if (verdict.what == budget_book::verdict::is::allowed)
      fault = state_.faults.draw(request_.path);
    if (fault)
      ++state_.counts.faults;
  }
  const auto allowed = verdict.what == budget_book::verdict::is::allowed;
  auto free = std::make_shared<bool>(false);
  hold = std::shared_ptr<void>(nullptr, [s = &state_, who = caller_.budget](void*) {
    const auto lock = std::lock_guard{s->mutex};
    --s->at_once;
    s->budget.leave(who);
  });
  web_answer out;
  if (verdict.what == budget_book::verdict::is::over_primary && graphql) {
    out.body = json::object(
                   {{"errors", json::array({json::object({{"type", "RATE_LIMITED"}, {"message", "API rate limit exceeded"}})})}})
                   .text;
  } else if (!allowed) {
    const auto secondary = verdict.what == budget_book::verdict::is::over_secondary;
    out = problem(secondary && at_once % 2 == 0 ? 429 : 403,
                  secondary ? "You have exceeded a secondary rate limit: " + verdict.reason : "API rate limit exceeded");
    if (secondary)
      out.headers.emplace_back("retry-after", std::to_string(of_.state_->budget.rules.secondary_seconds));
  } else if (auto early = fault ? early_fault(*fault) : std::nullopt) {
    out = std::move(*early);
  } else {
    out = route();
    apply_etag(out);
    *free = out.status == 304 && !caller_.anonymous;
  }
  const auto lock = std::lock_guard{state_.mutex};
  if (fault)
    late_fault(*fault, out);
  if (!fault || fault == fault_kind::stall)
    for (const auto& id : served_)
      ++state_.counts.blobs[id];
  if (allowed && *free && counts)
    state_.budget.give_back(caller_.budget, resource);
  else if (allowed && counts)
    ++state_.counts.metered;
  if (verdict.what == budget_book::verdict::is::over_primary)
    ++state_.counts.over_primary;
  if (verdict.what == budget_book::verdict::is::over_secondary)
    ++state_.counts.over_secondary;
  for (auto& x : state_.budget.headers_of(caller_.budget, resource))
    out.headers.push_back(std::move(x));
  out.hold = std::move(hold);
  return out;
}

/// Of faults that come instead of the answer.
std::optional<web_answer> standin_request::early_fault(fault_kind kind) {
  const auto lock = std::lock_guard{state_.mutex};
  const auto after = std::to_string(state_.faults.script().retry_after.count());
  switch (kind) {
  case fault_kind::server_error: {
    web_answer out;
    out.status = std::array{500u, 502u, 503u, 504u}[state_.faults.pick(4)];
    out.content_type = "text/html; charset=utf-8";
    out.body = "<html><body>Unicorn!</body></html>";
    return out;
  }
  case fault_kind::forbidden:
  case fault_kind::too_many: {
    auto out = problem(kind == fault_kind::forbidden ? 403 : 429, "You have exceeded a secondary rate limit");
    out.headers.emplace_back("retry-after", after);
    return out;
  }
  case fault_kind::forbidden_bare:
    return problem(403, "You have exceeded a secondary rate limit");
  default:
    return std::nullopt;
  }
}

/// Of faults on the answer's way. Under the lock.
void standin_request::late_fault(fault_kind kind, web_answer& what) {
  if (kind == fault_kind::stall)
    what.stall = state_.faults.script().stall;
  if (kind == fault_kind::silence)
    what.stall = state_.faults.script().silence;
  if (kind == fault_kind::reset)
    what.cut_after = 0;
  if (kind == fault_kind::cut)
    what.cut_after = what.stream ? 1'000 + state_.faults.pick(20'000) : what.body.size() / 2;
  if (kind == fault_kind::damage && !what.body.empty() && !what.content_type.starts_with("application/json"))
    what.body[state_.faults.pick(what.body.size())] ^= 1;
}

web_answer standin_request::with_etag(web_answer what, const std::string& of_what) const {
  auto text = of_what + '\n' + std::string{request_["accept"]};
  const auto lock = std::lock_guard{state_.mutex};
  if (state_.limits.etag_of_token)
    text += '\n' + caller_.text;
  what.headers.emplace_back("etag", "W/\"" + hex_of(sha256(text)) + '"');
  return what;
}

void standin_request::apply_etag(web_answer& what) {
  if (what.status != 200)
    return;
  const auto etag = std::find_if(what.headers.begin(), what.headers.end(), [](const auto& x) { return x.first == "etag"; });
  if (etag == what.headers.end() || !names(request_["if-none-match"], etag->second))
    return;
  what.status = 304;
  what.body.clear();
  what.stream = nullptr;
}

web_answer standin_request::problem(unsigned status, const std::string& message) const {
  web_answer out;
  out.status = status;
  out.body =
      json::object(
          {{"message", message}, {"documentation_url", "https://docs.github.com/rest"}, {"status", std::to_string(status)}})
          .text;
  return out;
}

web_answer standin_request::ok(const json& body, unsigned status) const {
  web_answer out;
  out.status = status;
  out.body = body.text;
  return out;
}

standin_request::span standin_request::page(std::size_t count, web_answer& what, std::size_t per_page_default) const {
  const auto number = [&](const char* name, std::size_t otherwise) {
    const auto text = request_.parameter(name);
    return text && !text->empty() && text->find_first_not_of("0123456789") == std::string::npos ? std::stoul(*text) : otherwise;
  };
  const auto per_page =
      std::clamp<std::size_t>(number("per_page", per_page_default), 1, std::max<std::size_t>(per_page_default, 100));
  const auto at = std::max<std::size_t>(number("page", 1), 1);
  const auto from = std::min((at - 1) * per_page, count), to = std::min(from + per_page, count);
  const auto url = [&](std::size_t to_page) {
    return '<' + state_.make.api + request_.path + "?per_page=" + std::to_string(per_page) + "&page=" + std::to_string(to_page) +
           '>';
  };
  if (to < count)
    what.headers.emplace_back("link",
                              url(at + 1) + "; rel=\"next\", " + url((count + per_page - 1) / per_page) + "; rel=\"last\"");
  return {from, to};
}

web_answer standin_request::route() {
  const auto names = split_path(request_.path);
  const auto first = names.empty() ? std::string{} : names.front();
  if (first == "repos" && names.size() >= 3)
    return repository_route(names, 3);
  if (first == "repositories" && names.size() >= 2)
    return repository_route(names, 2);
  if (first == "app" || first == "installation")
    return app_route(names);
  if (first == "user")
    return user_route(names);
  if (first == "rate_limit")
    return rate_limit();
  if (first == "graphql" && request_.method == "POST")
    return graphql();
  return problem(404, "Not Found");
}

} // namespace ingot::testing
