#pragma once

#include "bench/templates.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ingot::bench {

/// What a run sends; with the templates it settles every byte of it.
struct plan_settings {
  std::uint64_t seed = 1;
  std::uint32_t repositories = 500;
  std::uint32_t pulls_per_repository = 20; ///< open at a time, at most 9,000
  std::uint32_t pull_life = 0; ///< requests that are about a pull request before another one takes its place; 0: all stay open
  bool sweep = false;          ///< repositories one after the other instead of at random: all are seen
  std::int64_t clock = 0;      ///< source time of the first request, seconds since 1970; each further one is a second later
  std::map<std::string, unsigned> mix{{"push", 25}, {"pull_request", 20}, {"workflow_run", 25}, {"check_run", 30}}; ///< percent
};

/// Parses `push=25,pull_request=20,…`; the shares must sum to 100. Throws std::runtime_error.
std::map<std::string, unsigned> parse_mix(std::string_view text);

/// One request of the plan.
struct step {
  const request_template* what = nullptr;
  std::uint32_t repository = 0; ///< index in the set
  std::uint32_t pull = 0;       ///< index in the repository
};

/// The requests of a run, numbered from 0 in the order in which they are sent. A pure function of settings and templates.
class plan {
public:
  static constexpr std::uint32_t pulls_max = 9'000; ///< their numbers have four digits

  plan(const plan_settings& settings, std::vector<request_template> templates);

  step at(std::uint64_t n) const noexcept;

  /// The delivery id of request n, 36 characters: as spread as random ones, and it ends in run_suffix().
  void delivery_id(std::uint64_t n, char* out) const noexcept;
  std::string delivery_id(std::uint64_t n) const;

  /// The last 13 characters of all ids of this run.
  std::string run_suffix() const;

  std::int64_t repository_id(std::uint32_t index) const noexcept { return first_repository_ + index; }
  static std::uint32_t pull_number(std::uint32_t index) noexcept { return 1000 + index; }
  /// Different pull requests of a repository in a run of any length.
  std::uint32_t pulls_ever() const noexcept { return settings_.pull_life == 0 ? settings_.pulls_per_repository : pulls_max; }
  std::size_t key(const step& x) const noexcept { return std::size_t{x.repository} * pulls_ever() + x.pull; }
  std::size_t keys() const noexcept { return std::size_t{settings_.repositories} * pulls_ever(); }
  static std::uint32_t serial(std::uint64_t n) noexcept { return static_cast<std::uint32_t>(100'000'000 + n % 900'000'000); }

  /// The head commit of a pull request after its version-th move (0: before the first), 40 hex digits.
  void head(std::size_t key, std::uint32_t version, char* out) const noexcept;

  /// Fills the slots for request n, given the current version of its pull request's head.
  void values(std::uint64_t n, const step& x, std::uint32_t version, slot_values& out) const noexcept;

  std::size_t body_bytes_max() const noexcept;
  double body_bytes_mean() const noexcept;
  const plan_settings& settings() const noexcept { return settings_; }
  const std::vector<request_template>& templates() const noexcept { return templates_; }

private:
  plan_settings settings_;
  std::vector<request_template> templates_;
  std::vector<std::uint16_t> choice_; ///< a table that holds every template as often as its share says
  std::int64_t first_repository_;
};

/// Heads of all pull requests while the plan is walked in order.
class heads {
public:
  explicit heads(const plan& p) : version_(p.keys(), 0) {}

  /// The version that request n of the plan carries; call once for each, in order.
  std::uint32_t advance(std::uint64_t n, const step& x, std::size_t key) {
    if (x.what->moves_head)
      version_[key] = static_cast<std::uint32_t>(n + 1);
    return version_[key];
  }

private:
  std::vector<std::uint32_t> version_;
};

/// What the rows of one pull request must say once everything is stored.
struct expected_rows {
  bool pull_request = false;          ///< some event of its own was acknowledged
  bool pipeline = false;              ///< that, or some build
  bool certain = true;                ///< every event of it was acknowledged
  std::uint32_t version = 0;          ///< of its head
  std::uint64_t title = 0;            ///< request that said its title last
  const std::string* build = nullptr; ///< last one for that head
};

/// Walks requests [0, sent) and says what their acknowledgements promise. @param acked one flag a request
std::unordered_map<std::size_t, expected_rows> expectations(const plan& p, const std::vector<bool>& acked);

} // namespace ingot::bench
