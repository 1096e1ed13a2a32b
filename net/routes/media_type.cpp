#include "net/routes/media_type.hpp"

#include "net/routes/field_text.hpp"

namespace ingot::routes {

std::string_view without_parameters(std::string_view content_type) {
  return trimmed(content_type.substr(0, content_type.find(';')));
}

bool is_media_type(std::string_view content_type, std::string_view expected) {
  return equal_in_any_case(without_parameters(content_type), expected);
}

} // namespace ingot::routes
