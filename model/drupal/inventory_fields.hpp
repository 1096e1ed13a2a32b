#pragma once

#include "model/drupal/inventory.hpp"

#include <simdjson.h>

/// What parse_inventory's two halves share.
namespace ingot::drupal {

/// Gathers what is wrong, with its JSON pointer.
class fault_list {
public:
  void add(std::string pointer, std::string message);
  bool empty() const noexcept { return details_.empty(); }
  std::vector<fault_detail>& details() noexcept { return details_; }
  std::size_t beyond() const noexcept { return beyond_; }

private:
  std::vector<fault_detail> details_;
  std::size_t beyond_ = 0; ///< faults past faults_max
};

/// `expected a boolean, and "yes" came`
std::string came_instead(std::string_view expected, simdjson::dom::element what);

/// Characters, of valid UTF-8.
std::size_t characters(std::string_view text) noexcept;

/// Text of `least` to `most` characters without control characters, or a fault at `pointer`.
std::optional<std::string_view> text_within(simdjson::dom::element what, std::size_t least, std::size_t most,
                                            std::string_view pointer, fault_list& faults);

/// A list of texts, each of 1 to name_size_max characters; views into the document.
void read_texts(simdjson::dom::element what, std::size_t most, const std::string& pointer, fault_list& faults,
                std::vector<std::string_view>& out);

/// Reads one element of `modules`; faults go to `faults`, with `pointer` before them. Views point into the document.
/// @param warning why its version is stored as unknown, or empty
reported_module read_module(simdjson::dom::element what, const std::string& pointer, fault_list& faults, std::string& warning);

} // namespace ingot::drupal
