#include "bench/faults/traffic.hpp"

#include <array>

namespace ingot::faults {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// Chains that one sender goes round.
constexpr std::size_t chains_at_once = 4;

/// Longer than any pause: a request that a stopped node holds must not come after the next one, where the order of arrival is all
/// the order that there is.
constexpr auto long_patience = milliseconds{60'000};

} // namespace

traffic::traffic(traffic_board& board, const traffic_mix& mix, std::vector<testing::test_site> sites,
                 followed_repositories* followed)
    : board_{board}, sites_{std::move(sites)}, followed_{followed}, site_senders_{mix.sites} {
  const auto start = [&](unsigned count, void (traffic::*run)(unsigned)) {
    for (auto i = 0u; i < count; ++i) {
      ++sending_;
      threads_.emplace_back([this, run, i] {
        (this->*run)(i);
        --sending_;
      });
    }
  };
  start(mix.github, &traffic::send_github);
  start(sites_.empty() ? 0 : mix.sites, &traffic::send_site);
  start(mix.events, &traffic::send_events);
  start(mix.stripe, &traffic::send_stripe);
  start(mix.crawl, &traffic::send_crawl);
  if (followed_ != nullptr) {
    ++sending_;
    threads_.emplace_back([this] {
      send_pushes();
      --sending_;
    });
  }
  for (auto i = 0u; i < 2; ++i)
    threads_.emplace_back([this, i] { send_echoes(i); });
}

traffic::~traffic() {
  finish(std::chrono::seconds{0});
}

void traffic::finish(std::chrono::seconds patience) {
  board_.stopping = true;
  for (const auto end = steady_clock::now() + patience; sending_ > 0 && steady_clock::now() < end;)
    std::this_thread::sleep_for(milliseconds{10});
  board_.giving_up = true;
  for (auto& x : threads_)
    if (x.joinable())
      x.join();
}

bool traffic::next(sender& by, const manner& how, std::int64_t chain, const std::function<request()>& make,
                   std::size_t& preferred) {
  board_.acknowledged.begin(how.of, chain);
  return by.deliver(how, chain, make, preferred).has_value();
}

void traffic::send_github(unsigned sender_number) {
  auto by = sender{board_, board_.clock.seed * 100 + sender_number};
  struct one_chain {
    std::int64_t repository = 0;
    std::size_t step = 0, node = 0;
  };
  auto chains = std::array<one_chain, chains_at_once>{};
  auto fresh = first_repository(sender_number);
  for (auto& x : chains)
    x = {fresh++, 0, by.below(board_.ports.size())};
  for (auto turn = std::size_t{0}; !board_.stopping; ++turn) {
    auto& x = chains[turn % chains.size()];
    const auto make = [&] { return github_delivery(board_.clock, x.repository, x.step); };
    if (!next(by, {.of = intake::github}, x.repository, make, x.node))
      return;
    if (++x.step == steps_of_a_repository)
      x = {fresh++, 0, by.below(board_.ports.size())};
  }
}

void traffic::send_site(unsigned sender_number) {
  auto by = sender{board_, board_.clock.seed * 100 + 20 + sender_number};
  auto steps = std::vector<std::size_t>(sites_.size()), nodes = std::vector<std::size_t>(sites_.size());
  for (auto turn = std::size_t{sender_number}; !board_.stopping; turn += site_senders_) {
    const auto i = turn % sites_.size();
    if (i % site_senders_ != sender_number)
      continue; // another sender's
    const auto make = [&] { return site_sync(sites_[i], steps[i]); };
    if (!next(by, {.of = intake::site, .patience = long_patience}, static_cast<std::int64_t>(i), make, nodes[i]))
      return;
    ++steps[i];
    if (by.below(4) == 0)
      nodes[i] = by.below(board_.ports.size());
  }
}

void traffic::send_events(unsigned sender_number) {
  auto by = sender{board_, board_.clock.seed * 100 + 40 + sender_number};
  auto node = by.below(board_.ports.size());
  for (auto step = std::size_t{0}; !board_.stopping; ++step) {
    const auto make = [&] { return event_request(board_.clock, sender_number, step); };
    if (!next(by, {.of = intake::events}, sender_number, make, node))
      return;
    if (by.below(20) == 0)
      node = by.below(board_.ports.size());
  }
}

void traffic::send_stripe(unsigned sender_number) {
  auto by = sender{board_, board_.clock.seed * 100 + 60 + sender_number};
  auto node = by.below(board_.ports.size());
  for (auto payment = std::int64_t{1} + sender_number * 1'000'000'000ll; !board_.stopping; ++payment)
    for (auto step = std::size_t{0}; step < steps_of_payment(board_.clock, payment); ++step) {
      const auto make = [&] { return stripe_delivery(board_.clock, payment, step); };
      if (!next(by, {.of = intake::stripe}, payment, make, node))
        return;
      if (by.below(10) == 0)
        node = by.below(board_.ports.size());
    }
}

void traffic::send_crawl(unsigned sender_number) {
  auto by = sender{board_, board_.clock.seed * 100 + 80 + sender_number};
  auto node = by.below(board_.ports.size());
  for (auto step = std::size_t{0}; !board_.stopping; ++step) {
    const auto make = [&] { return crawl_request(sender_number, step); };
    if (!next(by, {.of = intake::crawl, .patience = long_patience, .echo = false}, sender_number, make, node))
      return;
    if (by.below(10) == 0)
      node = by.below(board_.ports.size());
  }
}

void traffic::send_pushes() {
  auto by = sender{board_, board_.clock.seed * 100 + 99};
  auto nodes = std::vector<std::size_t>(followed_->size());
  for (auto turn = std::size_t{0}; !board_.stopping; ++turn) {
    const auto i = turn % followed_->size();
    const auto step = followed_->steps(i);
    const auto body = followed_->commit(i, by.below(1'000'000));
    const auto chain = static_cast<std::int64_t>(i);
    const auto make = [&] { return push_delivery(board_.clock, chain, step, body); };
    if (!next(by, {.of = intake::push}, chain, make, nodes[i]))
      return;
    const auto pause = milliseconds{many_pushes ? 50 : 400};
    for (const auto end = steady_clock::now() + pause; !board_.stopping && steady_clock::now() < end;)
      std::this_thread::sleep_for(milliseconds{20});
  }
}

void traffic::send_echoes(unsigned sender_number) {
  auto by = sender{board_, board_.clock.seed * 100 + 90 + sender_number};
  while (!board_.stopping)
    if (const auto x = board_.to_echo.take(milliseconds{100}))
      by.attempt(x->node, x->what, milliseconds{2'500});
}

} // namespace ingot::faults
