#include "tests/support/github_standin/graphql_query.hpp"

#include <cctype>
#include <stdexcept>

namespace ingot::testing {

namespace {

class parser {
public:
  parser(std::string_view text, const std::map<std::string, std::string>& variables) : rest_{text}, variables_{variables} {}

  std::vector<graphql_field> document() {
    if (peek() != '{') {
      if (name() != "query")
        throw std::runtime_error{"only queries are answered"};
      if (peek() != '(' && peek() != '{')
        name();
      if (peek() == '(')
        skip_until(')');
    }
    auto out = selection();
    if (peek() != '\0')
      throw std::runtime_error{"one operation is expected"};
    return out;
  }

private:
  char peek() {
    while (!rest_.empty() && (std::isspace(static_cast<unsigned char>(rest_.front())) != 0 || rest_.front() == ','))
      rest_.remove_prefix(1);
    return rest_.empty() ? '\0' : rest_.front();
  }

  void need(char wanted) {
    if (peek() != wanted)
      throw std::runtime_error{std::string{"expected "} + wanted + " before: " + std::string{rest_.substr(0, 30)}};
    rest_.remove_prefix(1);
  }

  void skip_until(char end) {
    const auto at = rest_.find(end);
    if (at == std::string_view::npos)
      throw std::runtime_error{std::string{"no closing "} + end};
    rest_.remove_prefix(at + 1);
  }

  std::string name() {
    peek();
    auto size = std::size_t{0};
    while (size < rest_.size() && (std::isalnum(static_cast<unsigned char>(rest_[size])) != 0 || rest_[size] == '_'))
      ++size;
    if (size == 0)
      throw std::runtime_error{"expected a name before: " + std::string{rest_.substr(0, 30)}};
    auto out = std::string{rest_.substr(0, size)};
    rest_.remove_prefix(size);
    return out;
  }

  std::string value() {
    if (peek() == '$') {
      rest_.remove_prefix(1);
      const auto of = name();
      const auto found = variables_.find(of);
      if (found == variables_.end())
        throw std::runtime_error{"the variable " + of + " has no value"};
      return found->second;
    }
    if (peek() != '"')
      return name();
    rest_.remove_prefix(1);
    std::string out;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\')
        rest_.remove_prefix(1);
      if (!rest_.empty())
        out += rest_.front();
      rest_.remove_prefix(rest_.empty() ? 0 : 1);
    }
    need('"');
    return out;
  }

  std::vector<graphql_field> selection() {
    std::vector<graphql_field> out;
    need('{');
    while (peek() != '}')
      out.push_back(field());
    need('}');
    return out;
  }

  graphql_field field() {
    graphql_field out;
    if (peek() == '.') {
      for (auto i = 0; i < 3; ++i)
        need('.');
      if (name() != "on")
        throw std::runtime_error{"only inline fragments are answered"};
      out.on = name();
      out.fields = selection();
      return out;
    }
    out.alias = out.name = name();
    if (peek() == ':') {
      need(':');
      out.name = name();
    }
    if (peek() == '(') {
      need('(');
      while (peek() != ')') {
        auto key = name();
        need(':');
        out.arguments[key] = value();
      }
      need(')');
    }
    if (peek() == '{')
      out.fields = selection();
    return out;
  }

  std::string_view rest_;
  const std::map<std::string, std::string>& variables_;
};

} // namespace

std::vector<graphql_field> parse_graphql(std::string_view query, const std::map<std::string, std::string>& variables) {
  return parser{query, variables}.document();
}

} // namespace ingot::testing
