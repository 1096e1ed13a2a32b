#pragma once

#include "model/fault.hpp"
#include "model/github/event.hpp"
#include "model/job.hpp"

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace ingot::github {

/// The kind of jobs that let credentials and followed repositories follow an installation of our App.
inline constexpr const char* installation_sync_kind = "installation_sync";

/// Asks for that. How the installation stands is read from its row; only what came to it is told, since that does not stand
/// there.
struct installation_order {
  std::int64_t installation_id = 0;
  std::vector<std::int64_t> added; ///< GitHub's ids of repositories
};

/// Repositories of one delivery that may be followed by policy; what is past it is left to people.
inline constexpr std::size_t added_repositories_max = 10'000;

/// The job of a delivery: once for each, and those of one installation in their order.
new_job job_of(const installation_event& x, std::string_view delivery_id);

/// Reads a job's payload back.
std::variant<installation_order, failure> parse_installation_order(std::string_view payload);

} // namespace ingot::github
