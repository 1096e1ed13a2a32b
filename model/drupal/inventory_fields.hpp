#pragma once

#include "model/drupal/inventory.hpp"

#include "model/json_members.hpp"

#include <array>
#include <simdjson.h>

/// What parse_inventory's two halves share.
namespace ingot::drupal {

/// Gathers what is wrong, with its JSON pointer.
class fault_list {
public:
  void add(std::string pointer, std::string message);
  void add(const json_place& at, std::string message) { add(at.pointer(), std::move(message)); }
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

/// Text of `least` to `most` characters, or a fault at `at`.
std::optional<std::string_view> text_within(simdjson::dom::element what, std::size_t least, std::size_t most,
                                            const json_place& at, fault_list& faults);

/// A list of texts, each of 1 to name_size_max characters; views into the document.
void read_texts(simdjson::dom::element what, std::size_t most, const json_place& at, fault_list& faults,
                std::vector<std::string_view>& out);

/// Reads the elements of `modules`, one after the other.
class module_fields {
public:
  static constexpr std::size_t member_count = 12;

  /// Faults go to `faults`, with their places below `at`. Views point into the document.
  /// @param warning why its version is stored as unknown, or empty
  reported_module read(simdjson::dom::element what, const json_place& at, fault_list& faults, std::string& warning);

private:
  using values = std::array<std::optional<simdjson::dom::element>, member_count>;
  void find(simdjson::dom::object from, const json_place& at, fault_list& faults, values& out);

  std::vector<std::uint8_t> order_; ///< of the members of the module before: mostly the next one's as well
};

} // namespace ingot::drupal
