#pragma once

#include "model/mcp/readme.hpp"

struct cmark_node;

namespace ingot::mcp {

struct rendered_readme {
  std::string html;
  bool truncated = false;
};

/// Writes the tree as HTML that is harmless wherever it stands, by construction: every tag and attribute is one of those that
/// readme_facts::sanitized_html names, every text is escaped, every URL went through link_url() or image_url().
rendered_readme render_readme(cmark_node* document, const readme_base& base);

} // namespace ingot::mcp
