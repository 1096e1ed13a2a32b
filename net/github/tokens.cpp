#include "net/github/tokens.hpp"

#include "net/github/app_jwt.hpp"
#include "net/github/token_requests.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <utility>
#include <variant>

namespace ingot::github {

namespace {

using contents::provider_error;
using contents::trouble;
using std::chrono::minutes;
using std::chrono::seconds;

/// A token that expires sooner is not begun with: a long download must not outlive it.
constexpr auto left_min = minutes{5};
/// What does not expire is read from the book again after so long, so that one that was replaced there is seen.
constexpr auto reread_after = minutes{10};
/// Tokens that the book could not keep are offered to it again after so long.
constexpr auto unsaved_retry = seconds{30};
/// Two refusals of one token that are further apart are taken for two mishaps.
constexpr auto twice_within = minutes{10};
/// Past it all are forgotten: a token costs one request to get back.
constexpr std::size_t kept_max = 10'000;

struct kept_token {
  access value;
  timestamp good_until{};
};

/// Why there is none: each of those who waited throws its own.
struct refusal {
  trouble kind;
  std::string what;
  std::optional<timestamp> retry_at;
};

using outcome = std::variant<kept_token, refusal>;

access value_or_throw(const outcome& x) {
  if (const auto* why = std::get_if<refusal>(&x))
    throw provider_error{why->kind, why->what, why->retry_at};
  return std::get<kept_token>(x).value;
}

access access_of(const credential& x) {
  return {x.access_token, "user/" + std::to_string(x.id)};
}

} // namespace

struct tokens::impl {
  impl(const github_api_settings& s, client& transport, permits& limiter, credential_book b, std::function<timestamp()> clock)
      : settings{s}, book{std::move(b)}, now{std::move(clock)}, requests{settings, transport, limiter, now} {}

  access of(std::int64_t id, contents::urgency how);
  outcome fetch(std::int64_t id, contents::urgency how);
  kept_token fetch_one(std::int64_t id, contents::urgency how);
  kept_token fetch_installation(const credential& x, contents::urgency how);
  kept_token fetch_user(credential x, contents::urgency how);
  kept_token refresh(const credential& x, contents::urgency how);
  kept_token keep_refreshed(const credential& x);
  kept_token after_another_refresh(const credential& x, const std::string& error);
  kept_token kept_for(const credential& x) const;
  credential load(std::int64_t id) const;
  [[noreturn]] void refuse(std::int64_t id, const std::string& reason) const;
  access of_app();

  const github_api_settings settings;
  const credential_book book;
  const std::function<timestamp()> now;
  token_requests requests;

  std::mutex mutex;
  std::map<std::int64_t, kept_token> kept;
  std::map<std::int64_t, std::shared_future<outcome>> fetching;
  struct refused_token {
    std::string token;
    timestamp at{};
  };
  std::map<std::int64_t, refused_token> refused; ///< what GitHub last said 401 to
  std::map<std::int64_t, credential> unsaved;    ///< refreshed, and not in the book: the refresh token there is used up
  std::string jwt;
  timestamp jwt_good_until{};
};

access tokens::impl::of(std::int64_t id, contents::urgency how) {
  auto mine = std::promise<outcome>{};
  auto theirs = std::shared_future<outcome>{};
  {
    const auto lock = std::lock_guard{mutex};
    if (const auto found = kept.find(id); found != kept.end() && now() < found->second.good_until)
      return found->second.value;
    if (const auto under_way = fetching.find(id); under_way != fetching.end())
      theirs = under_way->second;
    else
      fetching.emplace(id, mine.get_future().share());
  }
  if (theirs.valid()) {
    // Whoever fetches waits for a permit and for two answers at most.
    if (theirs.wait_for(settings.permit_wait_max + 2 * settings.timeout) != std::future_status::ready)
      throw provider_error{trouble::transient, "the token of credential " + std::to_string(id) + " is still being fetched"};
    return value_or_throw(theirs.get());
  }
  const auto fetched = fetch(id, how);
  {
    const auto lock = std::lock_guard{mutex};
    if (kept.size() >= kept_max)
      kept.clear();
    if (const auto* token = std::get_if<kept_token>(&fetched))
      kept[id] = *token;
    fetching.erase(id);
  }
  mine.set_value(fetched);
  return value_or_throw(fetched);
}

outcome tokens::impl::fetch(std::int64_t id, contents::urgency how) {
  try {
    return fetch_one(id, how);
  } catch (const provider_error& error) {
    return refusal{error.kind(), error.what(), error.retry_at()};
  } catch (const std::exception& error) { // of the book: the database is away
    return refusal{trouble::transient, "credential " + std::to_string(id) + ": " + error.what(), {}};
  }
}

kept_token tokens::impl::fetch_one(std::int64_t id, contents::urgency how) {
  auto held = std::optional<credential>{};
  {
    const auto lock = std::lock_guard{mutex};
    if (const auto found = unsaved.find(id); found != unsaved.end())
      held = found->second;
  }
  if (held) {
    const auto out = keep_refreshed(*held);
    if (now() < held->expires_at.value_or(now() + reread_after) - left_min)
      return out;
  }
  // As the book has it: what was held has another version there by now, and what a refresh makes of it could not be saved.
  const auto x = load(id);
  switch (x.kind) {
  case credential_kind::installation:
    return fetch_installation(x, how);
  case credential_kind::user:
    return fetch_user(x, how);
  case credential_kind::personal:
    break;
  }
  return kept_for(x);
}

credential tokens::impl::load(std::int64_t id) const {
  if (auto found = book.load ? book.load(id) : std::nullopt)
    return std::move(*found);
  throw provider_error{trouble::forbidden, "credential " + std::to_string(id) + " is not there, or was refused by GitHub"};
}

void tokens::impl::refuse(std::int64_t id, const std::string& reason) const {
  if (book.refuse)
    book.refuse(id, reason);
  throw provider_error{trouble::forbidden, "credential " + std::to_string(id) + ": " + reason};
}

kept_token tokens::impl::kept_for(const credential& x) const {
  return {access_of(x), x.expires_at ? *x.expires_at - left_min : now() + reread_after};
}

kept_token tokens::impl::fetch_installation(const credential& x, contents::urgency how) {
  const auto app = of_app();
  try {
    auto made = requests.of_installation(x.installation_id, app.token, how);
    return {{std::move(made.token), "installation/" + std::to_string(x.installation_id)}, made.expires_at - left_min};
  } catch (const provider_error& error) {
    if (error.kind() == trouble::gone) // not the repository, as it would read elsewhere
      refuse(x.id, "installation " + std::to_string(x.installation_id) + " of our GitHub App is gone");
    throw;
  }
}

kept_token tokens::impl::fetch_user(credential x, contents::urgency how) {
  auto was_refused = false;
  {
    const auto lock = std::lock_guard{mutex};
    const auto found = refused.find(x.id);
    was_refused = found != refused.end() && found->second.token == x.access_token;
  }
  const auto expires_soon = x.expires_at && now() >= *x.expires_at - left_min;
  if (!expires_soon && !(was_refused && !x.refresh_token.empty()))
    return kept_for(x);
  if (x.refresh_token.empty() || (x.refresh_expires_at && now() >= *x.refresh_expires_at))
    refuse(x.id, "its token has expired, and it has no refresh token that is still good");
  return refresh(x, how);
}

kept_token tokens::impl::refresh(const credential& x, contents::urgency how) {
  if (settings.client_id.empty() || settings.client_secret.empty())
    throw provider_error{trouble::forbidden, "credential " + std::to_string(x.id) +
                                                 ": its token has expired, and without github_api.client_id and "
                                                 "client_secret it cannot be refreshed"};
  const auto answer = requests.refresh(x.refresh_token, how);
  if (!answer.error.empty())
    return after_another_refresh(x, answer.error);
  auto fresh = x;
  const auto in = [&](const std::optional<std::int64_t>& seconds_left) {
    return seconds_left ? std::optional{now() + seconds{std::clamp<std::int64_t>(*seconds_left, 0, 366 * 86'400)}} : std::nullopt;
  };
  fresh.access_token = answer.access_token;
  fresh.expires_at = in(answer.expires_in);
  if (!answer.refresh_token.empty()) {
    fresh.refresh_token = answer.refresh_token;
    fresh.refresh_expires_at = in(answer.refresh_expires_in);
  }
  return keep_refreshed(fresh);
}

/// A refresh token is good for one use: where the book has another by now, another node was faster, and it has the tokens.
kept_token tokens::impl::after_another_refresh(const credential& x, const std::string& error) {
  const auto again = load(x.id);
  if (again.version != x.version)
    return kept_for(again);
  if (error == "bad_refresh_token" || error == "expired_token")
    refuse(x.id, "GitHub refuses its refresh token (" + error + ")");
  throw provider_error{trouble::forbidden, "credential " + std::to_string(x.id) + " cannot be refreshed: " + error};
}

kept_token tokens::impl::keep_refreshed(const credential& x) {
  auto saved = false;
  try {
    saved = book.save(x);
  } catch (const std::exception&) {
    // The database is away. What is lost here nobody can get back, so that it is kept and offered again.
    const auto lock = std::lock_guard{mutex};
    unsaved[x.id] = x;
    return {access_of(x), now() + unsaved_retry};
  }
  {
    const auto lock = std::lock_guard{mutex};
    unsaved.erase(x.id);
  }
  return kept_for(saved ? x : load(x.id));
}

access tokens::impl::of_app() {
  const auto lock = std::lock_guard{mutex};
  if (jwt.empty() || now() >= jwt_good_until) {
    if (settings.app_id.empty())
      throw provider_error{trouble::forbidden, "github_api.app_id is not set: this node is no GitHub App"};
    const auto at = now();
    try {
      jwt = make_app_jwt(settings.app_id, read_private_key(settings.app_private_key), at);
    } catch (const std::runtime_error& error) {
      throw provider_error{trouble::forbidden, error.what()};
    }
    jwt_good_until = at + jwt_life - minutes{1};
  }
  return {jwt, "app"};
}

tokens::tokens(const github_api_settings& settings, client& transport, permits& limiter, credential_book book,
               std::function<timestamp()> now)
    : impl_{std::make_unique<impl>(settings, transport, limiter, std::move(book), std::move(now))} {}

tokens::~tokens() = default;

access tokens::of(std::int64_t credential_id, contents::urgency how) {
  if (credential_id == 0)
    return {impl_->settings.token, impl_->settings.token.empty() ? "anonymous" : "token"};
  return impl_->of(credential_id, how);
}

access tokens::of_app() {
  return impl_->of_app();
}

void tokens::forget(std::int64_t credential_id, const std::string& refused) {
  auto twice = false;
  {
    const auto lock = std::lock_guard{impl_->mutex};
    if (impl_->refused.size() >= kept_max)
      impl_->refused.clear();
    const auto at = impl_->now();
    auto& last = impl_->refused[credential_id];
    twice = last.token == refused && at < last.at + twice_within;
    last = {refused, at};
    const auto kept = impl_->kept.find(credential_id);
    if (kept == impl_->kept.end() || kept->second.value.token != refused)
      return; // somebody was faster, and there is another by now
    impl_->kept.erase(kept);
  }
  if (credential_id != 0 && twice && impl_->book.refuse)
    impl_->book.refuse(credential_id, "GitHub refuses its token (401)");
}

timestamp tokens::now() const {
  return impl_->now();
}

} // namespace ingot::github
