#pragma once

#include "model/fault.hpp"
#include "model/github/api/values.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// GitHub's answers become values here. Each function says what is wrong with an answer that is not what it should be, with its
/// JSON pointer; members that we do not use may be anything.
namespace ingot::github::api {

template <class Value>
using parsed = std::variant<Value, failure>;

parsed<repository> parse_repository(std::string_view body);
/// GET /installation/repositories; `next` is left to the caller.
parsed<std::vector<repository>> parse_installation_repositories(std::string_view body);

/// Of GET …/commits/{ref}, and of GET …/branches/{branch}, which has it as a member `commit`.
parsed<commit> parse_commit(std::string_view body);

/// Every path relative, without empty parts, `.`, `..` and NUL.
/// @param padding how many bytes beyond the end of `body` may be read; from simdjson's 64 on, no copy is made
parsed<tree> parse_tree(std::string_view body, std::size_t padding = 0);

parsed<comparison> parse_comparison(std::string_view body);
/// GET …/pulls/{number}/files.
parsed<std::vector<changed_file>> parse_changed_files(std::string_view body);

/// A file, a directory's list, or the object form of either.
parsed<content_item> parse_content(std::string_view body);

parsed<std::vector<rate>> parse_rate_limit(std::string_view body);
parsed<std::vector<hook_delivery>> parse_hook_deliveries(std::string_view body);
parsed<std::vector<installation>> parse_installations(std::string_view body);
/// GET /user/installations: those that a user sees, below `installations`.
parsed<std::vector<installation>> parse_user_installations(std::string_view body);
parsed<installation> parse_installation(std::string_view body);
parsed<app> parse_app(std::string_view body);
parsed<user> parse_user(std::string_view body);

/// A token of POST /app/installations/{id}/access_tokens.
struct installation_token {
  std::string token;
  timestamp expires_at{};
};
parsed<installation_token> parse_installation_token(std::string_view body);

/// POST /login/oauth/access_token with a refresh token ("Refreshing user access tokens"): new tokens, or why not.
struct refreshed_token {
  std::string access_token, refresh_token;
  std::optional<std::int64_t> expires_in, refresh_expires_in; ///< seconds
  std::string error; ///< `bad_refresh_token` and others, which come with status 200; then there are no tokens
};
parsed<refreshed_token> parse_refreshed_token(std::string_view body);

/// A batch of blobs that graphql_blobs() asked for.
struct blob_batch {
  std::vector<blob_text> blobs; ///< in the order of the ids
  std::int64_t points = 1;      ///< that the query cost
  bool repository_found = false;
};
/// The body of the query for `ids` ("Forming calls with GraphQL"): one alias for each, the names as variables.
std::string graphql_blobs(std::string_view owner, std::string_view name, std::span<const contents::object_id> ids);
parsed<blob_batch> parse_blobs(std::string_view body, std::span<const contents::object_id> ids);

/// A batch of repositories that graphql_heads() asked for. Renamed ones are followed: whether it is the same tells its id.
struct head_batch {
  std::vector<std::optional<repository_head>> repositories; ///< in the order of the names; nothing: none that the caller sees
  std::int64_t points = 1;
};
std::string graphql_heads(std::span<const repository_name> of);
parsed<head_batch> parse_heads(std::string_view body, std::size_t count);

/// The first of a GraphQL answer's `errors`; rate_limited when one of them has the type RATE_LIMITED.
struct graphql_error {
  std::string type, message;
  bool rate_limited = false;
};
std::optional<graphql_error> parse_graphql_error(std::string_view body);

/// The `message` of an error's body, cut to a line's length; empty when there is none.
std::string parse_error_message(std::string_view body);

} // namespace ingot::github::api
