#include "model/contents/tree_entry.hpp"

namespace ingot::contents {

std::optional<file_mode> mode_of(std::string_view octal) noexcept {
  if (octal == "120000")
    return file_mode::symbolic_link;
  if (octal == "160000")
    return file_mode::submodule;
  if (octal.size() == 6 && octal.starts_with("100"))
    return ((octal[3] - '0') & 1) != 0 ? file_mode::executable : file_mode::regular;
  return std::nullopt;
}

std::string_view to_string(file_mode x) noexcept {
  switch (x) {
  case file_mode::regular:
    return "100644";
  case file_mode::executable:
    return "100755";
  case file_mode::symbolic_link:
    return "120000";
  case file_mode::submodule:
    return "160000";
  }
  return "";
}

} // namespace ingot::contents
