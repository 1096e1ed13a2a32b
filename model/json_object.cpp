#include "model/json_object.hpp"

#include "model/json_locate.hpp"
#include "model/json_write.hpp"

namespace ingot {

json_object& json_object::add(std::string_view name, std::string_view text) {
  std::string sound{text};
  for (auto bad = find_bad_utf8(sound); bad != std::string_view::npos; bad = find_bad_utf8(sound))
    sound.replace(bad, 1, "\xEF\xBF\xBD");
  std::string quoted;
  append_json_string(quoted, sound);
  return add_raw(name, quoted);
}

json_object& json_object::add_raw(std::string_view name, std::string_view json) {
  if (body_.size() > 1)
    body_ += ',';
  append_json_string(body_, name);
  body_ += ':';
  body_ += json;
  return *this;
}

std::string json_array(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const auto& x : items) {
    if (out.size() > 1)
      out += ',';
    out += x;
  }
  return out + "]";
}

} // namespace ingot
