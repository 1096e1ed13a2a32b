#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// Texts with placeholders, `{server}`, out of a closed set.
namespace ingot::mail {

/// Values by the names of their placeholders.
using template_values = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// What is wrong with a template: a `{` that is never closed, or a name that is not among `names`. Nothing: it can be filled.
std::optional<std::string> judge_template(std::string_view text, std::initializer_list<std::string_view> names);

/// The text with the values in their places; what they hold is taken as it is, so that no value makes another placeholder. A name
/// without a value stays as it stands.
std::string fill_template(std::string_view text, template_values values);

/// `text` on one line, for a header or a sentence: control characters become blanks, at most `bytes_max` bytes of whole
/// characters.
std::string one_line(std::string_view text, std::size_t bytes_max);

} // namespace ingot::mail
