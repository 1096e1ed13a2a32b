#include "model/contents/provider.hpp"

namespace ingot::contents {

std::string_view to_string(trouble x) noexcept {
  switch (x) {
  case trouble::transient:
    return "transient";
  case trouble::rate_limited:
    return "rate_limited";
  case trouble::gone:
    return "gone";
  case trouble::forbidden:
    return "forbidden";
  case trouble::permanent:
    return "permanent";
  }
  return "";
}

std::string_view to_string(urgency x) noexcept {
  switch (x) {
  case urgency::webhook:
    return "webhook";
  case urgency::manual:
    return "manual";
  case urgency::fallback:
    return "fallback";
  case urgency::nightly:
    return "nightly";
  }
  return "";
}

} // namespace ingot::contents
