#include "telemetry/metric.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <mutex>

namespace ingot::telemetry {

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
  key.clear();
  for (auto value : values) {
    key += value;
    key += '\0';
  }
  {
    std::shared_lock lock{guard_};
    if (auto found = known_.find(key); found != known_.end())
      return found->second;
  }
  std::unique_lock lock{guard_};
  if (auto found = known_.find(key); found != known_.end())
    return found->second;
  bool full = known_.size() >= series_max;
  std::map<std::string, std::string> labels;
  auto value = values.begin();
  for (const auto& name : names_) {
    labels[name] = full || value == values.end() ? "other" : std::string{*value};
    if (value != values.end())
      ++value;
  }
  Handle made{family_->Add(labels)};
  if (!full)
    known_.emplace(key, made);
  return made;
}

template class labelled<prometheus::Counter, counter>;
template class labelled<prometheus::Gauge, gauge>;

} // namespace ingot::telemetry
