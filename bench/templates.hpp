#pragma once

#include "bench/payloads.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::bench {

/// What stands in a slot of a template. Every kind has one width, so that a body keeps its length whatever is patched in.
enum class slot : std::uint8_t {
  repository,  ///< 9 digits: the repository's id; its name is `repo-<id>`
  pull_number, ///< 4 digits
  pull_id,     ///< 9 digits
  head,        ///< 40 hex digits
  time,        ///< `2024-05-01T10:00:00Z`
  epoch,       ///< 10 digits: the same as seconds
  serial,      ///< 9 digits: the number of the request, as the run's id and at the end of the title
};
inline constexpr std::size_t slot_kinds = 7;
inline constexpr std::array<std::size_t, slot_kinds> slot_width{9, 4, 9, 40, 20, 10, 9};

/// The texts to patch in, by kind.
struct slot_values {
  std::array<std::array<char, 40>, slot_kinds> text;

  char* operator[](slot kind) noexcept { return text[static_cast<std::size_t>(kind)].data(); }
  std::string_view view(slot kind) const noexcept {
    return {text[static_cast<std::size_t>(kind)].data(), slot_width[static_cast<std::size_t>(kind)]};
  }
};

/// A whole request, head and body, with slots.
struct request_template {
  std::string event, action;
  std::string text;                                         ///< head and body
  std::size_t body_offset = 0;                              ///< where the body begins
  std::size_t id_offset = 0;                                ///< where the 36 characters of X-GitHub-Delivery stand
  std::size_t sign_offset = 0;                              ///< where the 64 hex digits of the signature stand
  std::array<std::vector<std::uint32_t>, slot_kinds> slots; ///< offsets in `text`
  bool is_pull_request = false;
  bool moves_head = false; ///< synchronize
  std::string build;       ///< the status_build that it leads to, or empty

  std::size_t size() const noexcept { return text.size(); }

  /// Writes the request into `out` (size() bytes), all but id and signature.
  void patch(const slot_values& values, char* out) const noexcept;
};

/// Makes a template of an example: its repository, pull request, head commit and times become slots; a build names its pull
/// request; a workflow run's status and conclusion agree with its action (GitHub's examples mix them).
/// @param host for the head
/// @param conclusion of a completed workflow run: success or failure
request_template make_template(const example& from, std::string_view host, std::string_view conclusion = "success");

/// Templates of all examples of the four events of the mix.
std::vector<request_template> make_templates(const std::vector<example>& examples, std::string_view host);

} // namespace ingot::bench
