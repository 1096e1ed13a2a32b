#include "bench/faults/fault_script.hpp"

#include <algorithm>
#include <random>

namespace ingot::faults {

namespace {

using std::chrono::milliseconds;

/// std::uniform_int_distribution is the library's own business; this gives the same numbers everywhere.
class chance {
public:
  explicit chance(std::uint64_t seed) : source_{seed} {}

  std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : source_() % n; }
  milliseconds between(milliseconds least, milliseconds most) {
    return least + milliseconds{static_cast<std::int64_t>(below(static_cast<std::uint64_t>((most - least).count()) + 1))};
  }

  template <class T>
  void shuffle(std::vector<T>& x) {
    for (auto i = x.size(); i > 1; --i)
      std::swap(x[i - 1], x[below(i)]);
  }

private:
  std::mt19937_64 source_;
};

/// Nodes that wait for the same kind of work come together: whichever of them gets it passes the point.
constexpr unsigned lives_in_a_row = 4;

milliseconds patience_of(provocation x) {
  using namespace std::chrono_literals;
  switch (x) {
  case provocation::traffic:
    return 6s;
  case provocation::outage:
  case provocation::drain:
    return 6s;
  case provocation::rollup: // counts a day of events, and may have to begin anew when PostgreSQL was restarted
  case provocation::nightly:
    return 20s;
  default:
    return 8s;
  }
}

life life_at(chance& any, int point) {
  const auto& x = failpoints[static_cast<std::size_t>(point)];
  auto out = life{};
  out.point = point;
  out.pass = 1 + static_cast<int>(any.below(static_cast<std::uint64_t>(x.pass_max)));
  out.patience = patience_of(x.needs);
  return out;
}

std::vector<life> lives_of(const script_settings& of, chance& any) {
  const auto points = points_of(of);
  auto groups = std::vector<std::vector<life>>{};
  for (const auto point : points)
    for (auto left = kills_at_each(of); left > 0;) {
      const auto together = failpoints[static_cast<std::size_t>(point)].needs == provocation::traffic ? 1 : lives_in_a_row;
      auto group = std::vector<life>{};
      for (auto i = 0u; i < together && left > 0; ++i, --left)
        group.push_back(life_at(any, point));
      groups.push_back(std::move(group));
    }
  const auto at_points = kills_at_each(of) * static_cast<unsigned>(points.size());
  for (auto i = at_points; i < of.kills; ++i) {
    auto out = life{};
    out.patience = any.between(milliseconds{100}, milliseconds{6'000});
    groups.push_back({out});
  }
  for (auto i = 0u; i < of.stops && !points.empty(); ++i) {
    auto out = life_at(any, points[any.below(points.size())]);
    out.stop = true;
    out.pause = any.below(2) == 0 ? any.between(milliseconds{50}, of.lease) : any.between(of.lease * 2, of.lease * 4);
    out.patience += out.pause + milliseconds{1'000};
    groups.push_back({out});
  }
  any.shuffle(groups);
  auto out = std::vector<life>{};
  for (const auto& group : groups)
    out.insert(out.end(), group.begin(), group.end());
  return out;
}

timed_fault other_fault(const script_settings& of, chance& any, milliseconds at) {
  auto out = timed_fault{};
  out.at = at;
  out.what = of.others[any.below(of.others.size())];
  out.node = static_cast<unsigned>(any.below(of.nodes));
  switch (out.what) {
  case fault::stop_node: // half of them past the leases
    out.length = any.below(2) == 0 ? any.between(milliseconds{50}, of.lease) : any.between(of.lease * 2, of.lease * 4);
    break;
  case fault::stop_backend:
    out.length = any.between(milliseconds{100}, milliseconds{3'000});
    break;
  case fault::delay:
    out.length = any.between(milliseconds{500}, milliseconds{2'000});
    out.value = static_cast<std::int64_t>(1 + any.below(200)); // ms of each direction
    break;
  case fault::clock_jump:
    out.length = any.between(milliseconds{1'000}, milliseconds{4'000});
    // Two hours at most either way: the events' and signatures' own limits are another matter than order and leases.
    out.value = static_cast<std::int64_t>(any.below(14'400)) - 7'200;
    break;
  case fault::cut_answers:
    out.value = static_cast<std::int64_t>(any.below(400)); // bytes that still pass
    break;
  default:
    out.length = any.between(milliseconds{200}, milliseconds{2'500});
    out.value = static_cast<std::int64_t>(any.below(1'000'000)); // a seed
  }
  return out;
}

} // namespace

std::vector<int> points_of(const script_settings& of) {
  auto out = std::vector<int>{};
  for (auto i = 0; i < static_cast<int>(failpoints.size()); ++i) {
    const auto name = failpoints[static_cast<std::size_t>(i)].name;
    if (of.points.empty() || std::find(of.points.begin(), of.points.end(), name) != of.points.end())
      out.push_back(i);
  }
  return out;
}

unsigned kills_at_each(const script_settings& of) {
  const auto points = static_cast<unsigned>(points_of(of).size());
  return points == 0 ? 0 : std::min(std::max(of.kills / 20, std::min(1u, of.kills)), of.kills / points);
}

std::vector<fault> all_other_faults() {
  auto out = std::vector<fault>{};
  for (auto i = std::size_t{1}; i < fault_names.size(); ++i)
    out.push_back(static_cast<fault>(i));
  return out;
}

fault_script make_script(const script_settings& of) {
  auto any = chance{of.seed};
  auto out = fault_script{};
  out.lives = lives_of(of, any);
  for (auto i = 0u; i < of.restarts; ++i) {
    const auto each = of.length / of.restarts;
    auto x = timed_fault{};
    x.at = each * i + any.between(each / 4, each * 3 / 4);
    out.faults.push_back(x);
  }
  if (!of.others.empty())
    for (auto at = any.between(milliseconds{0}, of.pause_between * 2); at < of.length;
         at += any.between(of.pause_between / 2, of.pause_between * 3 / 2))
      out.faults.push_back(other_fault(of, any, at));
  std::stable_sort(out.faults.begin(), out.faults.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  return out;
}

life make_up_life(const script_settings& of, int point, unsigned n) {
  auto any = chance{of.seed * 1'000'003 + static_cast<std::uint64_t>(point) * 1'009 + n};
  return life_at(any, point);
}

} // namespace ingot::faults
