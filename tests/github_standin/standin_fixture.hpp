#pragma once

#include "tests/support/git_repository.hpp"
#include "tests/support/github_standin/github_standin.hpp"
#include "tests/support/github_standin/temporary_folder.hpp"
#include "tests/support/http_client.hpp"

#include <simdjson.h>
#include <string>

namespace ingot::testing {

/// The stand-in with one public repository, `octo/hello`, id 1001.
struct standin_fixture {
  temporary_folder folder;
  bare_repository repository{folder.path() / "hello.git"};
  github_standin standin;
  std::int64_t id = 0;

  standin_fixture() {
    hosted_repository x;
    x.owner = "octo";
    x.name = "hello";
    x.path = repository.path();
    id = standin.add(x);
    standin.add_token("token-1", {"octocat", 1});
  }

  http_answer get(const std::string& path, std::vector<header> headers = {}) const {
    headers.emplace_back("user-agent", "a-test");
    if (headers.size() == 1 || headers.front().first != "authorization")
      headers.emplace_back("authorization", "Bearer token-1");
    return http_client{standin.api_port()}.request("GET", path, headers);
  }

  http_answer post(const std::string& path, const std::string& body) const {
    return http_client{standin.api_port()}.request("POST", path, {{"user-agent", "a-test"}, {"authorization", "Bearer token-1"}},
                                                   body);
  }
};

/// An answer's body, parsed.
struct parsed {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  explicit parsed(const std::string& text) : root{parser.parse(text)} {}
  simdjson::dom::element operator[](const char* pointer) const { return root.at_pointer(pointer); }
  std::string text(const char* pointer) const { return std::string{std::string_view{(*this)[pointer]}}; }
  std::int64_t number(const char* pointer) const { return (*this)[pointer]; }
};

} // namespace ingot::testing
