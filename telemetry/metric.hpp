#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

// The library's headers stay in the .cpp files.
namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
template <class T>
class Family;
} // namespace prometheus

namespace ingot::telemetry {

/// Handles of single time series. Copyable; valid as long as the `metrics` they are of. All calls are thread-safe.
class counter {
public:
  explicit counter(prometheus::Counter& x) noexcept : at_{&x} {}
  void add(double amount = 1) noexcept;

private:
  prometheus::Counter* at_;
};

class gauge {
public:
  explicit gauge(prometheus::Gauge& x) noexcept : at_{&x} {}
  void set(double value) noexcept;
  void add(double amount) noexcept; ///< may be negative

private:
  prometheus::Gauge* at_;
};

class histogram {
public:
  explicit histogram(prometheus::Histogram& x) noexcept : at_{&x} {}
  void observe(double value) noexcept;

private:
  prometheus::Histogram* at_;
};

/// One series: its labels' values in the order of their names, and what it counts.
struct labelled_value {
  std::vector<std::string> labels;
  double value = 0;
};

/// Counters or gauges of one name that differ by labels. Bounded (law 5): past series_max every new combination counts as
/// `other`.
template <class Series, class Handle>
class labelled {
public:
  static constexpr std::size_t series_max = 512;

  labelled(prometheus::Family<Series>& family, std::vector<std::string> label_names);

  /// The series of these label values, in the order of the names; an empty value leaves its label out. Keep the handle where it
  /// is hot: finding it costs a lock and a lookup.
  Handle at(std::initializer_list<std::string_view> values);

  /// Sets the series of `now`, up to series_max of them, and removes all others: of what is gone nothing old is told. For
  /// families that are set by this alone, since a handle of a series that is removed dangles.
  void replace(const std::vector<labelled_value>& now) requires std::same_as<Handle, gauge>;

private:
  prometheus::Family<Series>* family_;
  std::vector<std::string> names_;
  std::shared_mutex guard_;
  std::map<std::string, Series*, std::less<>> known_;
};

using counters = labelled<prometheus::Counter, counter>;
using gauges = labelled<prometheus::Gauge, gauge>;

} // namespace ingot::telemetry
