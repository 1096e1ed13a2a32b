#include "net/github/api_order.hpp"

#include <chrono>
#include <random>
#include <thread>
#include <utility>

// How one request goes out and its answer is judged; api.cpp says which requests there are.

namespace ingot::github {

namespace {

using contents::provider_error;
using contents::trouble;
using std::chrono::milliseconds;

/// What passes is tried again here, so that a mishap costs no job its attempt; what lasts longer is the job's to wait for.
constexpr auto retries_max = 2u;
/// Before a retry: half of it to all of it, by chance, so that nodes do not come together again.
constexpr auto retry_pause = milliseconds{300};
/// Redirects within GitHub's API: a renamed repository's is one.
constexpr auto hops_max = 5u;

void pause_a_moment() {
  static thread_local auto chance = std::minstd_rand{std::random_device{}()};
  auto length = std::uniform_int_distribution<std::int64_t>{retry_pause.count() / 2, retry_pause.count()};
  std::this_thread::sleep_for(milliseconds{length(chance)});
}

http_call call_of(const std::string& method, const std::string& url, const char* accept) {
  auto out = http_call{};
  out.method = method;
  out.url = url;
  out.headers = {{"accept", accept}, {"user-agent", user_agent}, {"x-github-api-version", api_version}};
  out.stay_at_own = true;
  return out;
}

} // namespace

api_session::api_session(client& transport, tokens& credentials, permits& limiter, caller who)
    : transport_{transport}, credentials_{credentials}, limiter_{limiter}, who_{std::move(who)} {}

access api_session::token() {
  return who_.as_app ? credentials_.of_app() : credentials_.of(who_.credential_id, who_.how);
}

/// One request with one permit. Whatever happens the permit is settled.
api_session::answer api_session::ask_once(const order& x, const access& by) {
  auto call = call_of(x.method, x.url, x.accept);
  call.token = by.token;
  call.body = x.body;
  call.repeatable = x.repeatable;
  if (!x.etag.empty())
    call.headers.emplace_back("if-none-match", x.etag);
  if (!x.body.empty())
    call.headers.emplace_back("content-type", "application/json");
  if (x.as_it_is)
    call.headers.emplace_back("accept-encoding", "identity");
  auto out = answer{};
  auto streamed = std::uint64_t{0};
  if (x.into)
    call.into = [&](std::string_view piece) {
      streamed += piece.size();
      x.into(piece);
    };
  const auto permit = limiter_.acquire({by.budget, x.of, who_.how, who_.repository, x.points});
  try {
    out.got = transport_.perform(call);
  } catch (const provider_error& error) {
    const auto counted = dynamic_cast<const broken_answer*>(&error) != nullptr;
    auto nothing = rate_news{};
    nothing.free = !counted || x.free;
    permit->settle(nothing);
    cost_.requests += counted ? 1 : 0;
    cost_.bytes += streamed;
    if (error.kind() != trouble::transient || streamed > 0)
      throw;
    out.verdict.problem = trouble::transient;
    out.verdict.reason = error.what();
    return out;
  }
  out.verdict = api::judge(out.got.status, out.got.headers, out.got.body, x.of, credentials_.now());
  out.verdict.news.free = out.verdict.news.free || x.free;
  permit->settle(out.verdict.news);
  ++cost_.requests;
  cost_.not_modified += out.got.status == 304 ? 1 : 0;
  cost_.bytes += out.got.bytes;
  return out;
}

api_session::answer api_session::ask(order x) {
  auto hops = 0u, retries = 0u;
  for (auto refused = false;;) {
    const auto by = token();
    auto out = ask_once(x, by);
    if (!out.got.redirect.empty() && x.method == "GET" && hops++ < hops_max) {
      x.url = out.got.redirect;
    } else if (out.got.status == 401 && !who_.as_app && !by.token.empty()) {
      credentials_.forget(who_.credential_id, by.token);
      if (std::exchange(refused, true) || who_.credential_id == 0)
        fail(x, out);
    } else if (out.verdict.problem == trouble::transient && x.repeatable && retries++ < retries_max) {
      pause_a_moment();
    } else {
      return out;
    }
  }
}

void api_session::fail(const order& x, const answer& got) const {
  auto what = x.name() + ": ";
  if (got.got.status == 0)
    what += got.verdict.reason;
  else
    what += "GitHub answers " + std::to_string(got.got.status) + (got.verdict.reason.empty() ? "" : ": " + got.verdict.reason);
  throw provider_error{got.verdict.problem.value_or(trouble::permanent), what, got.verdict.retry_at};
}

} // namespace ingot::github
