#pragma once

#include "model/github/api/permits.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace ingot::testing {

/// Grants every permit at once, and keeps what was asked and told.
class permits_at_hand final : public github::permits {
public:
  std::unique_ptr<github::permit> acquire(const github::permit_order& x) override {
    const auto lock = std::lock_guard{mutex_};
    if (refuse_)
      throw *refuse_;
    orders_.push_back(x);
    ++open_;
    return std::make_unique<granted>(*this);
  }

  /// Permits that are out now: a request under way has one (law 8).
  unsigned open() const { return open_; }
  std::vector<github::permit_order> orders() const {
    const auto lock = std::lock_guard{mutex_};
    return orders_;
  }
  /// What was told, in the order of the tellings.
  std::vector<github::rate_news> news() const {
    const auto lock = std::lock_guard{mutex_};
    return news_;
  }
  void refuse(const contents::provider_error& with) { refuse_ = with; }

private:
  class granted final : public github::permit {
  public:
    explicit granted(permits_at_hand& from) : from_{from} {}
    ~granted() override { --from_.open_; }
    void settle(const github::rate_news& news) override {
      const auto lock = std::lock_guard{from_.mutex_};
      from_.news_.push_back(news);
    }

  private:
    permits_at_hand& from_;
  };

  mutable std::mutex mutex_;
  std::atomic<unsigned> open_ = 0;
  std::vector<github::permit_order> orders_;
  std::vector<github::rate_news> news_;
  std::optional<contents::provider_error> refuse_;
};

} // namespace ingot::testing
