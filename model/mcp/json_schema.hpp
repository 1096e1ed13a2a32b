#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::mcp {

/// What a schema says against one value.
struct schema_problem {
  enum class keyword : std::uint8_t { type, required, value, pattern, length, format, other };

  std::string pointer; ///< of the value; of the object that lacks a member
  std::string message; ///< what was found, and what is expected
  std::string hint;    ///< what the schema says that the value is
  keyword broken = keyword::other;
  std::vector<std::string> expected = {}; ///< of value and required: what would do
};

/// A JSON Schema, compiled once: the part of draft-07 that the schemas of server.json use (docs/decisions/0005). Patterns are
/// RE2, so that no text makes one slow or deep. Thread-safe.
class json_schema {
public:
  /// @throws std::invalid_argument when it is no JSON Schema, or uses a keyword that is not implemented: none is passed over
  explicit json_schema(std::string_view text);
  ~json_schema();
  json_schema(json_schema&&) noexcept;
  json_schema& operator=(json_schema&&) noexcept;

  /// What is wrong with `document`: at most `problems_max`, in the order of the document's members in the schema. Of
  /// alternatives the one that the author seems to have meant is told.
  std::vector<schema_problem> check(simdjson::dom::element document, std::size_t problems_max) const;

private:
  friend class schema_compiler;
  friend class schema_check;
  struct node;
  std::vector<std::unique_ptr<node>> nodes_;
  const node* root_ = nullptr;
};

/// Is `text` a URI with a scheme (RFC 3986, section 3)? What JSON Schema's format `uri` asks.
bool is_uri(std::string_view text);

} // namespace ingot::mcp
