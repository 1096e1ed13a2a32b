#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ingot::routes {

/// `text` with `%41` as `A`; with `plus_is_space` as forms have it. Throws storage::refused_change (bad_parameter) when an escape
/// is none, or what comes out is no UTF-8 or holds a NUL.
std::string percent_decoded(std::string_view text, bool plus_is_space = false);

/// A site's or a key's number in a path. Throws storage::refused_change (not_found) when it is none: there is no such thing then.
std::int64_t id_in_path(std::string_view text);

/// The query of a request, `a=b&c=d`. Everything throws storage::refused_change (bad_parameter) that names the parameter and what
/// it takes.
class query_parameters {
public:
  /// What happens to names that are not known. Clients of somebody else's API may send what only that one knows.
  enum class others : std::uint8_t { refuse, pass };

  /// Refuses names that are not among `known`, unless they may pass, and a known name that comes twice.
  query_parameters(std::string_view query, std::initializer_list<std::string_view> known, others unknown = others::refuse);

  /// Empty when absent.
  std::string text(std::string_view name) const;

  /// `true` or `false`; nothing when absent.
  std::optional<bool> flag(std::string_view name) const;

  /// `least` to `most`; `otherwise` when absent.
  std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most, std::int64_t otherwise) const;

  /// One of `choices`; empty when absent.
  std::string one_of(std::string_view name, std::initializer_list<std::string_view> choices) const;

private:
  std::vector<std::pair<std::string, std::string>> values_;
};

} // namespace ingot::routes
