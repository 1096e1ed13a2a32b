#include "bench/faults/sender.hpp"

#include <algorithm>
#include <thread>

namespace ingot::faults {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

void pace::wait() {
  const auto turn = turns_++;
  std::this_thread::sleep_until(begin_ +
                                std::chrono::duration_cast<steady_clock::duration>(interval_ * static_cast<double>(turn)));
}

void echoes::add(request what, std::size_t node) {
  {
    std::lock_guard lock{mutex_};
    if (waiting_.size() >= waiting_max)
      return;
    waiting_.push_back({std::move(what), node});
  }
  more_.notify_one();
}

std::optional<echoes::echo> echoes::take(milliseconds patience) {
  std::unique_lock lock{mutex_};
  if (!more_.wait_for(lock, patience, [&] { return !waiting_.empty(); }))
    return std::nullopt;
  auto out = std::move(waiting_.front());
  waiting_.pop_front();
  return out;
}

void traffic_board::refuse(intake of, int status) {
  std::lock_guard lock{mutex_};
  ++refusals_[std::string{intake_names[static_cast<std::size_t>(of)]} + ' ' + std::to_string(status)];
}

std::map<std::string, std::uint64_t> traffic_board::refusals() const {
  std::lock_guard lock{mutex_};
  return refusals_;
}

std::size_t sender::another(std::size_t node) {
  const auto nodes = connections_.size();
  return nodes == 1 ? node : (node + 1 + below(nodes - 1)) % nodes;
}

std::optional<testing::http_answer> sender::attempt(std::size_t node, const request& x, milliseconds patience) {
  auto& connection = connections_[node];
  try {
    if (!connection)
      connection.emplace(board_.ports[node], patience);
    return connection->request("POST", x.path, x.headers, x.body);
  } catch (const testing::http_error&) {
    connection.reset();
    ++board_.broken;
    return std::nullopt;
  }
}

void sender::send_elsewhere_too(const manner& how, std::int64_t chain) {
  ++board_.sent_again;
  board_.acknowledged.send_elsewhere(how.of, chain);
}

std::optional<testing::http_answer> sender::deliver(const manner& how, std::int64_t chain, const std::function<request()>& make,
                                                    std::size_t& preferred) {
  // A good request that is refused so often and in the same way is refused for good.
  constexpr auto refusals_max = 500;
  board_.turns.wait();
  const auto first = preferred;
  for (auto tries = 0, refusals = 0; !board_.giving_up; ++tries) {
    const auto what = make();
    const auto again = static_cast<double>(below(1'000'000)) < board_.again_share * 1e6 / 2;
    if (tries == 0 && how.echo && again && board_.ports.size() > 1) {
      send_elsewhere_too(how, chain);
      board_.to_echo.add(what, another(preferred)); // at the same time
    }
    if (tries > 0)
      ++board_.retried;
    if (tries > 0 && preferred != first)
      board_.acknowledged.send_elsewhere(how.of, chain);
    auto answer = attempt(preferred, what, how.patience);
    if (answer && std::find(how.taken.begin(), how.taken.end(), answer->status) != how.taken.end()) {
      board_.acknowledged.acknowledge(how.of, chain, preferred);
      if (static_cast<double>(below(1'000'000)) < board_.again_share * 1e6 / 2) {
        send_elsewhere_too(how, chain);
        if (how.echo)
          board_.to_echo.add(what, another(preferred));
        else // before the next one goes out: an item of a crawl has no time of its own
          attempt(another(preferred), what, how.patience);
      }
      return answer;
    }
    if (answer) {
      board_.refuse(how.of, answer->status);
      if (answer->status < 500 && answer->status != 429 && ++refusals == refusals_max)
        board_.found.add(finding_kind::refused, std::string{intake_names[static_cast<std::size_t>(how.of)]} + " chain " +
                                                    std::to_string(chain) + ": " + std::to_string(answer->status) + ' ' +
                                                    answer->body.substr(0, 300));
    }
    if (below(2) == 0 || !answer)
      preferred = another(preferred);
    std::this_thread::sleep_for(milliseconds{answer ? 20 : 5});
  }
  return std::nullopt;
}

} // namespace ingot::faults
