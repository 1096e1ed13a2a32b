#include "net/github/client.hpp"

#include "model/contents/provider.hpp"
#include "model/github/api/answer.hpp"
#include "net/github/connection_pool.hpp"
#include "net/github/inflate.hpp"
#include "net/github/origin.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace ingot::github {

namespace {

using contents::provider_error;
using contents::trouble;

constexpr unsigned redirects_max = 5;

bool is_redirect(unsigned status) noexcept {
  return status == 301 || status == 302 || status == 307 || status == 308;
}

/// A value with a line break would make headers of its own.
void refuse_control_characters(const std::string& name, const std::string& value) {
  if (std::any_of(value.begin(), value.end(), [](unsigned char c) { return c < ' ' || c == 127; }))
    throw provider_error{trouble::permanent, "the header " + name + " would hold a control character"};
}

[[noreturn]] void rethrow(const connection_failure& failed, bool answered) {
  if (answered)
    throw broken_answer{trouble::transient, failed.what()};
  const auto refused = failed.why() == connection_failure::reason::address_refused;
  throw provider_error{refused ? trouble::permanent : trouble::transient, failed.what()};
}

/// Hands a body on, undone of its coding.
class body_path {
public:
  body_path(const origin& at, std::string_view coding, inflate_stream::sink into) : into_{std::move(into)} {
    if (coding == "gzip" || coding == "x-gzip")
      inflater_.emplace(into_);
    else if (!coding.empty() && coding != "identity")
      throw broken_answer{trouble::permanent, at.authority() + " answers with a content coding that nobody asked for"};
  }
  void write(std::string_view piece) { inflater_ ? inflater_->write(piece) : into_(piece); }
  void finish(bool empty) const {
    if (inflater_ && !empty)
      inflater_->finish();
  }

private:
  inflate_stream::sink into_;
  std::optional<inflate_stream> inflater_;
};

} // namespace

struct client::impl {
  explicit impl(const github_api_settings& s) : settings{s}, base{parse_base(s.url)}, trust{s}, pool{trust, s.connections_max} {}

  static web_place parse_base(const std::string& url) {
    auto out = parse_url(url);
    if (!out || out->target.find('?') != std::string::npos)
      throw std::runtime_error{"github_api.url is no http or https URL"};
    while (out->target.ends_with('/'))
      out->target.pop_back();
    return std::move(*out);
  }

  web_place locate(const std::string& url) const {
    if (url.starts_with('/'))
      return {base.at, base.target + url};
    if (auto out = parse_url(url))
      return std::move(*out);
    throw provider_error{trouble::permanent, "a request to a URL that is no http or https one"};
  }

  /// Where an answer sends us on, if it does.
  std::optional<web_place> redirect_of(const web_place& from, const http_answer& answer) const {
    const auto location = answer["location"];
    if (!is_redirect(answer.status) || location.empty())
      return std::nullopt;
    auto out = resolve(from, location);
    if (!out)
      throw provider_error{trouble::permanent, from.at.authority() + " redirects to what is no http or https URL"};
    if (from.at.tls && !out->at.tls)
      throw provider_error{trouble::permanent, from.at.authority() + " redirects from https to http"};
    return out;
  }

  std::chrono::milliseconds timeout_of(const http_call& x) const { return x.timeout.count() > 0 ? x.timeout : settings.timeout; }

  /// Only from a base URL that is of the open internet itself is another place held to be one of it.
  bool must_be_public(const origin& to) {
    if (to == base.at)
      return false;
    const auto lock = std::lock_guard{base_mutex};
    try {
      if (!base_is_private)
        base_is_private = leads_to_private(base.at);
    } catch (const connection_failure& failed) {
      rethrow(failed, false);
    }
    return !*base_is_private;
  }

  outgoing head_of(const http_call& x, const web_place& to, const std::string& authorization, bool foreign) const;
  http_answer exchange(const http_call& x, const web_place& to, bool redirected, bool foreign);
  http_answer attempt(connection& on, const http_call& x, const web_place& to, const outgoing& request, bool& answered);

  const github_api_settings settings;
  const web_place base;
  const tls_trust trust;
  connection_pool pool;
  std::mutex base_mutex;
  std::optional<bool> base_is_private;
};

/// @param foreign another host than the call was meant for: what it is told of the call is not its business
outgoing client::impl::head_of(const http_call& x, const web_place& to, const std::string& authorization, bool foreign) const {
  auto out = outgoing{x.method, to.target, x.body, {}};
  auto says_coding = false;
  for (const auto& [name, value] : x.headers) {
    if (foreign && name != "accept" && name != "accept-encoding" && name != "user-agent")
      continue;
    refuse_control_characters(name, value);
    out.headers.emplace_back(name, value);
    says_coding = says_coding || name == "accept-encoding";
  }
  if (!says_coding)
    out.headers.emplace_back("accept-encoding", "gzip");
  if (!x.token.empty() && to.at == base.at) {
    refuse_control_characters("authorization", x.token);
    out.headers.emplace_back("authorization", authorization);
  }
  return out;
}

http_answer client::impl::attempt(connection& on, const http_call& x, const web_place& to, const outgoing& request,
                                  bool& answered) {
  const auto before = on.bytes_read();
  on.send(request, timeout_of(x));
  auto head = on.read_head(x.method == "HEAD");
  answered = true;
  auto out = http_answer{};
  out.status = head.status;
  out.headers = std::move(head.headers);
  out.url = to.url();
  const auto gather = [&](std::string_view piece) {
    if (piece.size() > x.body_bytes_max - out.body.size())
      throw broken_answer{trouble::permanent,
                          to.at.authority() + " answers with a body of more than " + std::to_string(x.body_bytes_max) + " bytes"};
    out.body += piece;
  };
  const auto streams = x.into && out.status == 200;
  auto path = body_path{to.at, out["content-encoding"], streams ? inflate_stream::sink{x.into} : inflate_stream::sink{gather}};
  auto empty = true;
  const auto end = std::chrono::steady_clock::now() + answer_time_max;
  for (auto piece = on.read_some(); !piece.empty(); piece = on.read_some()) {
    empty = false;
    path.write(piece);
    if (std::chrono::steady_clock::now() > end)
      throw broken_answer{trouble::transient, to.at.authority() + " has not answered to the end in an hour"};
  }
  path.finish(empty);
  out.bytes = on.bytes_read() - before;
  return out;
}

http_answer client::impl::exchange(const http_call& x, const web_place& to, bool redirected, bool foreign) {
  const auto authorization = "Bearer " + x.token;
  const auto request = head_of(x, to, authorization, foreign);
  const auto how = dialling{timeout_of(x), redirected && must_be_public(to.at)};
  const auto repeatable = x.method == "GET" || x.method == "HEAD" || x.repeatable;
  for (auto fresh = false;; fresh = true) {
    auto answered = false;
    auto dialled = true;
    try {
      auto on = pool.take(to.at, how, fresh);
      dialled = on.is_fresh();
      auto out = attempt(*on, x, to, request, answered);
      on.keep();
      return out;
    } catch (const connection_failure& failed) {
      // The server may close an idle connection at any time, and so while a request is on its way (RFC 9112, section 9.3.1).
      if (dialled || answered || failed.why() != connection_failure::reason::closed || !repeatable)
        rethrow(failed, answered);
    } catch (const bad_gzip& damaged) {
      throw broken_answer{trouble::transient, to.at.authority() + " answers with what cannot be unpacked: " + damaged.what()};
    }
  }
}

client::client(const github_api_settings& settings) : impl_{std::make_unique<impl>(settings)} {}
client::~client() = default;

http_answer client::perform(const http_call& x) {
  auto to = impl_->locate(x.url);
  const auto meant = to.at;
  auto bytes = std::uint64_t{0};
  for (auto redirects = 0u;; ++redirects) {
    auto out = impl_->exchange(x, to, x.offered || redirects > 0, !(to.at == meant));
    out.redirects = redirects;
    out.bytes += bytes;
    auto next = impl_->redirect_of(to, out);
    if (!next)
      return out;
    if (x.method != "GET" || (x.stay_at_own && next->at == impl_->base.at)) {
      out.redirect = next->url();
      return out;
    }
    if (redirects == redirects_max)
      throw provider_error{trouble::permanent,
                           to.at.authority() + " redirects more than " + std::to_string(redirects_max) + " times"};
    bytes = out.bytes;
    to = std::move(*next);
  }
}

bool client::is_own(std::string_view url) const {
  const auto place = parse_url(url);
  return place && place->at == impl_->base.at;
}

std::string client::graphql_url() const {
  constexpr auto enterprise = std::string_view{"/api/v3"};
  auto place = impl_->base;
  if (place.target.ends_with(enterprise))
    place.target.replace(place.target.size() - enterprise.size(), enterprise.size(), "/api");
  place.target += "/graphql";
  return place.url();
}

std::string_view http_answer::operator[](std::string_view name) const noexcept {
  return api::find_header(headers, name);
}

} // namespace ingot::github
