#include "model/delivery.hpp"

namespace ingot {

std::string_view to_string(delivery_outcome x) noexcept {
  switch (x) {
  case delivery_outcome::stored:
    return "stored";
  case delivery_outcome::ignored:
    return "ignored";
  case delivery_outcome::duplicate:
    return "duplicate";
  case delivery_outcome::failed:
    return "failed";
  }
  return "failed";
}

} // namespace ingot
