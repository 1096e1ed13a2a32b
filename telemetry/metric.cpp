#include "telemetry/metric.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <mutex>
#include <utility>

namespace ingot::telemetry {

namespace {

/// What tells one series of a family from the others.
template <class Values>
void key_of(const Values& values, std::string& into) {
  into.clear();
  for (const auto& value : values) {
    into += value;
    into += '\0';
  }
}

} // namespace

void counter::add(double amount) noexcept {
  at_->Increment(amount);
}
void gauge::set(double value) noexcept {
  at_->Set(value);
}
void gauge::add(double amount) noexcept {
  at_->Increment(amount);
}
void histogram::observe(double value) noexcept {
  at_->Observe(value);
}

template <class Series, class Handle>
labelled<Series, Handle>::labelled(prometheus::Family<Series>& family, std::vector<std::string> label_names)
    : family_{&family}, names_{std::move(label_names)} {}

template <class Series, class Handle>
Handle labelled<Series, Handle>::at(std::initializer_list<std::string_view> values) {
  thread_local std::string key;
  key_of(values, key);
  {
    std::shared_lock lock{guard_};
    if (auto found = known_.find(key); found != known_.end())
      return Handle{*found->second};
  }
  std::unique_lock lock{guard_};
  if (auto found = known_.find(key); found != known_.end())
    return Handle{*found->second};
  bool full = known_.size() >= series_max;
  std::map<std::string, std::string> labels;
  auto value = values.begin();
  for (const auto& name : names_) {
    if (full || value == values.end())
      labels[name] = "other";
    else if (!value->empty())
      labels[name] = *value;
    if (value != values.end())
      ++value;
  }
  auto& made = family_->Add(labels);
  if (!full)
    known_.emplace(key, &made);
  return Handle{made};
}

template <class Series, class Handle>
void labelled<Series, Handle>::replace(const std::vector<labelled_value>& now) requires std::same_as<Handle, gauge> {
  std::unique_lock lock{guard_};
  auto before = std::exchange(known_, {});
  auto key = std::string{};
  for (const auto& x : now) {
    if (known_.size() == series_max)
      break;
    key_of(x.labels, key);
    std::map<std::string, std::string> labels;
    for (auto i = std::size_t{0}; i < names_.size(); ++i)
      labels[names_[i]] = x.labels.at(i);
    auto& series = family_->Add(labels);
    if constexpr (std::same_as<Handle, gauge>) // clang 14 makes it for counters, too
      series.Set(x.value);
    known_.emplace(key, &series);
    before.erase(key);
  }
  for (const auto& [gone, series] : before)
    family_->Remove(series);
}

template class labelled<prometheus::Counter, counter>;
template class labelled<prometheus::Gauge, gauge>;

} // namespace ingot::telemetry
