#include "model/contents/lfs_batch.hpp"
#include "model/github/api/parse.hpp"
#include "model/github/delivery_log.hpp"
#include "tests/fuzz/input.hpp"

#include <array>
#include <set>
#include <string>
#include <vector>

// Input: a letter that says which answer of GitHub's it is, and the body. What is read can be stored, paths stay within the
// repository, and every list has its bounds.

namespace {

using namespace ingot;
using namespace ingot::github;
using fuzz::require;

void check_path(std::string_view path) {
  require(!path.empty() && path.front() != '/' && path.back() != '/' && fuzz::is_storable(path));
  for (std::size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    const auto part = path.substr(at, end - at);
    require(!part.empty() && part != "." && part != "..");
    at = end + 1;
  }
}

void check(const api::repository& x) {
  require(x.id > 0 && x.size_kib >= 0);
  for (const auto& text : {x.owner, x.name, x.default_branch, x.html_url})
    require(fuzz::is_storable(text));
}

void check(const api::commit& x) {
  require(bool{x.id});
}

void check(const api::tree& x) {
  for (const auto& item : x.items)
    if (fuzz::is_storable(item.entry.path)) // git's paths are any bytes but NUL
      check_path(item.entry.path);
    else
      require(item.entry.path.find('\0') == std::string::npos);
}

void check(const api::changed_file& x) {
  require(x.additions >= 0 && x.deletions >= 0 && x.changes >= 0 && fuzz::is_storable(x.status));
  require(!x.patch || fuzz::is_storable(*x.patch));
}

void check(const api::comparison& x) {
  for (const auto& file : x.files)
    check(file);
  require(!x.complete || x.files.size() < 300);
}

void check(const api::content_item& x) {
  require(fuzz::is_storable(x.type));
  for (const auto& item : x.items) {
    require(item.items.empty());
    check(item);
  }
}

void check(const api::rate& x) {
  require(!x.resource.empty() && fuzz::is_storable(x.resource));
}

void check(const api::hook_delivery& x) {
  for (const auto& text : {x.guid, x.status, x.event, x.action})
    require(fuzz::is_storable(text));
}

void check(const api::installation& x) {
  require(x.id > 0);
  for (const auto& text : {x.account, x.account_type, x.repository_selection, x.html_url})
    require(fuzz::is_storable(text));
}

void check(const api::app& x) {
  require(x.id > 0 && fuzz::is_storable(x.slug) && fuzz::is_storable(x.name));
}

void check(const api::user& x) {
  require(x.id > 0 && fuzz::is_storable(x.login));
}

void check(const api::installation_token& x) {
  require(!x.token.empty());
}

void check(const api::refreshed_token& x) {
  require(x.access_token.empty() != x.error.empty());
}

void check(const api::blob_batch& x) {
  require(x.blobs.size() == 2);
  for (const auto& blob : x.blobs)
    require(!blob.text || (blob.found && !blob.is_binary && !blob.is_truncated));
}

void check(const api::head_batch& x) {
  require(x.repositories.size() == 2);
  for (const auto& head : x.repositories)
    if (head)
      check(head->of);
}

template <class Item>
void check(const std::vector<Item>& items) {
  for (const auto& x : items)
    check(x);
}

template <class Value>
void check(const api::parsed<Value>& read) {
  if (const auto* refused = std::get_if<failure>(&read))
    fuzz::check_refusal(*refused);
  else
    check(std::get<Value>(read));
}

/// The log says the same in whatever order its pages come.
void check_log(std::string_view body) {
  const auto read = api::parse_hook_deliveries(body);
  check(read);
  if (std::holds_alternative<failure>(read))
    return;
  auto attempts = std::get<0>(read);
  auto ids = std::set<std::int64_t>{};
  for (const auto& x : attempts)
    if (!ids.insert(x.id).second)
      return;
  const auto forward = group_attempts(attempts);
  std::reverse(attempts.begin(), attempts.end());
  const auto backward = group_attempts(attempts);
  require(forward.size() == backward.size());
  for (const auto& x : forward) {
    const auto same = std::find_if(backward.begin(), backward.end(), [&](const auto& y) { return y.guid == x.guid; });
    require(same != backward.end() && same->newest_id == x.newest_id && same->delivered() == x.delivered() &&
            same->delivered_at == x.delivered_at && x.delivered_at <= x.newest_at);
  }
}

void check_offers(std::string_view body) {
  static const auto asked = std::vector<contents::lfs_pointer>{{std::string(64, 'a'), 12}, {std::string(64, 'b'), 1}};
  const auto read = contents::parse_lfs_offers(body, asked);
  if (const auto* refused = std::get_if<failure>(&read))
    return fuzz::check_refusal(*refused);
  const auto& offers = std::get<0>(read);
  require(offers.size() == asked.size());
  for (std::size_t i = 0; i < offers.size(); ++i) {
    require(offers[i].of.oid == asked[i].oid && offers[i].url.empty() != offers[i].problem.empty());
    for (const auto& [name, value] : offers[i].headers)
      require(name.find_first_of("\r\n") == name.npos && value.find_first_of("\r\n") == value.npos);
  }
}

void check_errors(std::string_view body) {
  require(fuzz::is_storable(api::parse_error_message(body)) && api::parse_error_message(body).size() < 2'000);
  if (const auto error = api::parse_graphql_error(body))
    require(fuzz::is_storable(error->message) && fuzz::is_storable(error->type));
}

using reader = void (*)(std::string_view);

const auto readers = std::to_array<reader>({
    [](std::string_view x) { check(api::parse_repository(x)); },                                  // a
    [](std::string_view x) { check(api::parse_installation_repositories(x)); },                   // b
    [](std::string_view x) { check(api::parse_commit(x)); },                                      // c
    [](std::string_view x) { check(api::parse_tree(x)); },                                        // d
    [](std::string_view x) { check(api::parse_comparison(x)); },                                  // e
    [](std::string_view x) { check(api::parse_changed_files(x)); },                               // f
    [](std::string_view x) { check(api::parse_content(x)); },                                     // g
    [](std::string_view x) { check(api::parse_rate_limit(x)); },                                  // h
    check_log,                                                                                    // i
    [](std::string_view x) { check(api::parse_installations(x)); },                               // j
    [](std::string_view x) { check(api::parse_user_installations(x)); },                          // k
    [](std::string_view x) { check(api::parse_installation(x)); },                                // l
    [](std::string_view x) { check(api::parse_app(x)); },                                         // m
    [](std::string_view x) { check(api::parse_user(x)); },                                        // n
    [](std::string_view x) { check(api::parse_installation_token(x)); },                          // o
    [](std::string_view x) { check(api::parse_refreshed_token(x)); },                             // p
    [](std::string_view x) { check(api::parse_blobs(x, std::array<contents::object_id, 2>{})); }, // q
    [](std::string_view x) { check(api::parse_heads(x, 2)); },                                    // r
    check_offers,                                                                                 // s
    check_errors,                                                                                 // t
});

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto in = fuzz::input{data, size};
  const auto which = static_cast<std::size_t>(in.byte()) - 'a';
  if (which < readers.size())
    readers[which](in.rest());
  return 0;
}
