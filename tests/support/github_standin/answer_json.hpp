#pragma once

#include "tests/support/github_standin/git_reading.hpp"
#include "tests/support/github_standin/github_standin.hpp"
#include "tests/support/github_standin/json.hpp"

#include <cstdint>
#include <string>

namespace ingot::testing {

/// Makes GitHub's objects with all members that its OpenAPI description requires.
struct answer_json {
  std::string api, web; ///< base URLs

  json user(const std::string& login, std::int64_t id, const std::string& type) const;
  json repository(const hosted_repository& x, bool full) const;
  json commit(const hosted_repository& of, const commit_facts& x) const;
  json change(const hosted_repository& of, const std::string& commit, const file_change& x) const;
  json comparison(const hosted_repository& of, const std::string& base, const std::string& head, const comparison_facts& x,
                  std::size_t from, std::size_t count, bool with_files) const;
  json tree_line_of(const hosted_repository& of, const tree_line& x) const;
  json content(const hosted_repository& of, const std::string& ref, const tree_line& x) const;
  json installation(const hosted_installation& x, const hosted_app& app) const;
  json app(const hosted_app& x) const;
  json delivery(const hosted_delivery& x) const;

  std::string api_of(const hosted_repository& x) const { return api + "/repos/" + x.owner + '/' + x.name; }
  std::string web_of(const hosted_repository& x) const { return web + '/' + x.owner + '/' + x.name; }
};

std::string node_id_of(const std::string& text);
std::string time_text(std::int64_t seconds_since_1970);
std::int64_t owner_id_of(const std::string& login);

/// Base64 with a line end after each 60 characters, as GitHub has it.
std::string broken_base64(std::string_view bytes);

} // namespace ingot::testing
