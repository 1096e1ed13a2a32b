#include "net/github/api_order.hpp"

#include "model/github/api/parse.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace ingot::github {

namespace {

using contents::provider_error;
using contents::trouble;

/// GitHub lists 3,000 files of a pull request at most, in pages of at most 100.
constexpr auto pull_request_pages_max = 30u;
constexpr std::size_t batch_max = 100;
constexpr std::size_t simdjson_padding = 64;
/// Of REST, for what is no GET.
constexpr std::uint32_t post_points = 5;

/// Of a part of a path, or of a path, whose `/` stay (RFC 3986, section 2.3).
std::string percent_encoded(std::string_view text, bool slashes_stay) {
  constexpr auto digits = "0123456789ABCDEF";
  auto out = std::string{};
  for (const unsigned char c : text) {
    const auto letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && slashes_stay))
      out += static_cast<char>(c);
    else
      (out += '%').append({digits[c >> 4], digits[c & 15]});
  }
  return out;
}

/// `.` and `..` would have become another path by the time they arrive.
std::string part(std::string_view text) {
  if (text.empty() || text == "." || text == "..")
    throw provider_error{trouble::permanent, "a repository's owner or name that cannot be one"};
  return percent_encoded(text, false);
}

std::string repository_path(std::int64_t id) {
  return "/repositories/" + std::to_string(id);
}

/// `/app/hook/deliveries`, or of `owner/repo/7` that hook's.
std::string deliveries_path(std::string_view hook) {
  if (hook.empty())
    return "/app/hook/deliveries";
  const auto first = hook.find('/');
  const auto second = first == hook.npos ? hook.npos : hook.find('/', first + 1);
  if (second == hook.npos)
    throw provider_error{trouble::permanent, "a hook is named as owner/repo/HOOK_ID"};
  return "/repos/" + part(hook.substr(0, first)) + "/" + part(hook.substr(first + 1, second - first - 1)) + "/hooks/" +
         part(hook.substr(second + 1)) + "/deliveries";
}

/// GitHub takes a commit's id for the ETag of its short form ("Get a commit", `application/vnd.github.sha`). That of the JSON is
/// another with every token, so that an installation's hourly new one would make each answer count.
std::string etag_of(const contents::object_id& commit) {
  return '"' + commit.hex() + '"';
}

std::optional<contents::object_id> id_in(std::string_view etag) {
  if (etag.size() < 2 || !etag.starts_with('"') || !etag.ends_with('"'))
    return std::nullopt;
  return contents::object_id::parse(etag.substr(1, etag.size() - 2));
}

/// What went wrong in reading an answer, with its first place.
[[noreturn]] void fail_to_read(const std::string& name, const failure& wrong) {
  auto what = "GitHub's answer to " + name + " is not what it should be: " + wrong.message;
  if (!wrong.details.empty())
    what += " (" + wrong.details.front().pointer + ": " + wrong.details.front().message + ")";
  throw provider_error{trouble::permanent, what};
}

template <class Value>
Value value_of(const std::string& name, api::parsed<Value>&& x) {
  if (const auto* wrong = std::get_if<failure>(&x))
    fail_to_read(name, *wrong);
  return std::get<Value>(std::move(x));
}

} // namespace

/// An answer that is there, whatever it costs.
template <class Value, class Parser>
Value api_session::ask_value(order x, const Parser& parse) {
  auto out = ask(x);
  if (out.verdict.problem || out.got.status >= 300)
    fail(x, out);
  return value_of<Value>(x.name(), parse(out.got.body));
}

template <class Value, class Parser>
api::conditional<Value> api_session::ask_conditional(order x, const Parser& parse) {
  const auto out = ask(x);
  if (out.got.status == 304)
    return {std::nullopt, out.got["etag"].empty() ? x.etag : std::string{out.got["etag"]}};
  if (out.verdict.problem || out.got.status >= 300)
    fail(x, out);
  return {value_of<Value>(x.name(), parse(out.got.body)), std::string{out.got["etag"]}};
}

/// @param next as the page before gave it; empty: the first. A page that lies elsewhere than the API is not followed.
template <class Value, class Parser>
api::page<Value> api_session::ask_page(order x, const std::string& next, const Parser& parse) {
  if (!next.empty())
    x.url = next;
  const auto out = ask(x);
  if (out.verdict.problem || out.got.status >= 300)
    fail(x, out);
  auto page = api::page<Value>{value_of<std::vector<Value>>(x.name(), parse(out.got.body)), api::next_link(out.got["link"])};
  if (!page.next.empty() && (!transport_.is_own(page.next) || page.next == x.url))
    throw provider_error{trouble::permanent, x.name() + ": GitHub's next page lies somewhere else"};
  return page;
}

void api_session::stream(order x, const bytes_sink& into) {
  x.into = into;
  const auto out = ask(x);
  if (out.verdict.problem || out.got.status != 200)
    fail(x, out);
}

api::conditional<api::repository> api_session::repository(std::string_view owner, std::string_view name,
                                                          const std::string& etag) {
  auto x = order{};
  x.url = "/repos/" + part(owner) + "/" + part(name);
  x.etag = etag;
  return ask_conditional<api::repository>(std::move(x), api::parse_repository);
}

api::conditional<api::repository> api_session::repository(std::int64_t id, const std::string& etag) {
  auto x = order{};
  x.url = repository_path(id);
  x.etag = etag;
  return ask_conditional<api::repository>(std::move(x), api::parse_repository);
}

/// What is told of a ref that has no commit: nothing for an empty repository (409). 422 is GitHub's answer to one that is none.
template <class Answer>
bool is_empty_or_gone(Answer& x) {
  if (x.got.status == 422)
    x.verdict.problem = trouble::gone;
  return x.got.status == 409;
}

api::conditional<api::commit> api_session::commit(std::int64_t repository_id, std::string_view ref, const std::string& etag) {
  auto x = order{};
  x.url = repository_path(repository_id) + "/commits/" + percent_encoded(ref, true);
  if (const auto known = id_in(etag)) {
    auto short_order = x;
    short_order.accept = "application/vnd.github.sha";
    short_order.etag = etag;
    auto out = ask(short_order);
    if (is_empty_or_gone(out))
      return {};
    if (out.verdict.problem || (out.got.status >= 300 && out.got.status != 304))
      fail(short_order, out);
    const auto now_at = contents::object_id::parse(out.got.body);
    if (out.got.status == 304 || now_at == known)
      return {std::nullopt, etag};
    if (now_at) // what has moved meanwhile is seen the next time
      x.url = repository_path(repository_id) + "/commits/" + now_at->hex();
  }
  auto out = ask(x);
  if (is_empty_or_gone(out))
    return {};
  if (out.verdict.problem || out.got.status >= 300)
    fail(x, out);
  auto found = value_of<api::commit>(x.name(), api::parse_commit(out.got.body));
  auto tag = etag_of(found.id);
  return {std::move(found), std::move(tag)};
}

api::tree api_session::tree(std::int64_t repository_id, const contents::object_id& id, bool recursive) {
  auto x = order{};
  x.url = repository_path(repository_id) + "/git/trees/" + id.hex() + (recursive ? "?recursive=1" : "");
  return ask_value<api::tree>(std::move(x), [](std::string& body) {
    // The largest answer there is: it is not copied for the parser.
    body.reserve(body.size() + simdjson_padding);
    return api::parse_tree(body, body.capacity() - body.size());
  });
}

api::comparison api_session::compare(std::int64_t repository_id, const contents::object_id& base,
                                     const contents::object_id& head) {
  auto x = order{};
  x.url = repository_path(repository_id) + "/compare/" + base.hex() + "..." + head.hex();
  return ask_value<api::comparison>(std::move(x), api::parse_comparison);
}

api::conditional<api::content_item> api_session::contents(std::int64_t repository_id, std::string_view path, std::string_view ref,
                                                          const std::string& etag) {
  auto x = order{};
  x.url = repository_path(repository_id) + "/contents/" + percent_encoded(path, true);
  if (!ref.empty())
    x.url += "?ref=" + percent_encoded(ref, false);
  x.etag = etag;
  return ask_conditional<api::content_item>(std::move(x), api::parse_content);
}

void api_session::blob(std::int64_t repository_id, const contents::object_id& id, const bytes_sink& into) {
  auto x = order{};
  x.url = repository_path(repository_id) + "/git/blobs/" + id.hex();
  x.accept = "application/vnd.github.raw+json";
  stream(std::move(x), into);
}

void api_session::tarball(std::int64_t repository_id, const contents::object_id& commit, const bytes_sink& into) {
  auto x = order{};
  x.url = repository_path(repository_id) + "/tarball/" + commit.hex();
  x.as_it_is = true; // it is compressed already, and what passes is to be the archive itself
  stream(std::move(x), into);
}

std::vector<api::blob_text> api_session::blobs(std::string_view owner, std::string_view name,
                                               std::span<const contents::object_id> ids) {
  if (ids.size() > batch_max)
    throw std::invalid_argument{"a GraphQL batch of more than 100 blobs"};
  if (ids.empty())
    return {};
  auto x = order{};
  x.method = "POST";
  x.url = transport_.graphql_url();
  x.of = resource::graphql;
  x.body = api::graphql_blobs(owner, name, ids);
  const auto out = ask(x);
  if (out.verdict.problem || out.got.status != 200)
    fail(x, out);
  auto batch = value_of<api::blob_batch>(x.name(), api::parse_blobs(out.got.body, ids));
  cost_.points += static_cast<std::uint64_t>(batch.points);
  if (!batch.repository_found) {
    const auto why = api::parse_graphql_error(out.got.body);
    const auto kind = !why || why->type == "NOT_FOUND" ? trouble::gone
                      : why->type == "FORBIDDEN"       ? trouble::forbidden
                                                       : trouble::transient; // "Something went wrong", timeouts
    throw provider_error{kind, x.name() + ": " + (why ? why->message : "no such repository")};
  }
  return std::move(batch.blobs);
}

std::vector<std::optional<api::repository_head>> api_session::heads(std::span<const api::repository_name> of) {
  if (of.size() > batch_max)
    throw std::invalid_argument{"a GraphQL batch of more than 100 repositories"};
  if (of.empty())
    return {};
  auto x = order{};
  x.method = "POST";
  x.url = transport_.graphql_url();
  x.of = resource::graphql;
  x.body = api::graphql_heads(of);
  const auto out = ask(x);
  if (out.verdict.problem || out.got.status != 200)
    fail(x, out);
  auto batch = value_of<api::head_batch>(x.name(), api::parse_heads(out.got.body, of.size()));
  cost_.points += static_cast<std::uint64_t>(batch.points);
  return std::move(batch.repositories);
}

std::vector<api::changed_file> api_session::pull_request_files(std::int64_t repository_id, std::int64_t number) {
  auto out = std::vector<api::changed_file>{};
  auto next = std::string{};
  for (auto i = 0u; i < pull_request_pages_max; ++i) {
    auto x = order{};
    x.url = repository_path(repository_id) + "/pulls/" + std::to_string(number) + "/files?per_page=100";
    auto page = ask_page<api::changed_file>(std::move(x), next, api::parse_changed_files);
    std::move(page.items.begin(), page.items.end(), std::back_inserter(out));
    next = std::move(page.next);
    if (next.empty())
      break;
  }
  return out;
}

std::vector<api::rate> api_session::rate_limit() {
  auto x = order{};
  x.url = "/rate_limit";
  x.free = true;
  return ask_value<std::vector<api::rate>>(std::move(x), api::parse_rate_limit);
}

api::user api_session::user() {
  auto x = order{};
  x.url = "/user";
  return ask_value<api::user>(std::move(x), api::parse_user);
}

api::app api_session::app() {
  auto x = order{};
  x.url = "/app";
  return ask_value<api::app>(std::move(x), api::parse_app);
}

api::page<api::installation> api_session::installations(const std::string& next) {
  auto x = order{};
  x.url = "/app/installations?per_page=100";
  return ask_page<api::installation>(std::move(x), next, api::parse_installations);
}

api::installation api_session::installation(std::int64_t id) {
  auto x = order{};
  x.url = "/app/installations/" + std::to_string(id);
  return ask_value<api::installation>(std::move(x), api::parse_installation);
}

api::page<api::hook_delivery> api_session::deliveries(std::string_view hook, const std::string& next) {
  auto x = order{};
  x.url = deliveries_path(hook) + "?per_page=100";
  return ask_page<api::hook_delivery>(std::move(x), next, api::parse_hook_deliveries);
}

void api_session::redeliver(std::string_view hook, std::int64_t delivery_id) {
  auto x = order{};
  x.method = "POST";
  x.url = deliveries_path(hook) + "/" + std::to_string(delivery_id) + "/attempts";
  x.points = post_points;
  x.repeatable = false;
  const auto out = ask(x);
  if (out.verdict.problem || out.got.status >= 300)
    fail(x, out);
}

api::page<api::repository> api_session::installation_repositories(const std::string& next) {
  auto x = order{};
  x.url = "/installation/repositories?per_page=100";
  return ask_page<api::repository>(std::move(x), next, api::parse_installation_repositories);
}

} // namespace ingot::github
