#include "tests/support/github_standin/faults.hpp"

#include <array>
#include <utility>

namespace ingot::testing {

namespace {

constexpr auto names = std::array<std::pair<fault_kind, std::string_view>, 9>{{{fault_kind::server_error, "server_error"},
                                                                               {fault_kind::forbidden, "forbidden"},
                                                                               {fault_kind::too_many, "too_many"},
                                                                               {fault_kind::forbidden_bare, "forbidden_bare"},
                                                                               {fault_kind::stall, "stall"},
                                                                               {fault_kind::silence, "silence"},
                                                                               {fault_kind::cut, "cut"},
                                                                               {fault_kind::reset, "reset"},
                                                                               {fault_kind::damage, "damage"}}};

} // namespace

std::string_view to_string(fault_kind x) {
  for (const auto& [kind, name] : names)
    if (kind == x)
      return name;
  return "";
}

std::optional<fault_kind> fault_kind_of(std::string_view name) {
  for (const auto& [kind, text] : names)
    if (text == name)
      return kind;
  return std::nullopt;
}

std::optional<fault_kind> fault_source::draw(std::string_view path) {
  if (script_.kinds.empty() || drawn_ >= script_.count_max || path.find(script_.match) == std::string_view::npos)
    return std::nullopt;
  if (std::uniform_real_distribution<double>{}(chance_) >= script_.rate)
    return std::nullopt;
  ++drawn_;
  return script_.kinds[pick(script_.kinds.size())];
}

std::size_t fault_source::pick(std::size_t below) {
  return static_cast<std::size_t>(chance_() % below);
}

} // namespace ingot::testing
