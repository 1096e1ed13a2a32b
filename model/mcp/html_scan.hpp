#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace ingot::mcp {

/// A tag of raw HTML, as far as it is looked at.
struct html_tag {
  std::string name; ///< small letters
  bool closing = false;
  std::string_view attributes; ///< all of them, as written

  /// The value of an attribute, the common entities decoded; empty when it is not there.
  std::string attribute(std::string_view name) const;
};

/// Reads raw HTML, piece by piece: `on_text` takes text (entities decoded), `on_tag` tags. Comments, declarations and the
/// contents of script, style and their like are left out. Nothing that is read here is ever written as HTML again without being
/// escaped.
void scan_html(std::string_view html, const std::function<void(std::string_view)>& on_text,
               const std::function<void(const html_tag&)>& on_tag);

} // namespace ingot::mcp
