#include "bench/faults/fault_hands.hpp"

#include <csignal>

namespace ingot::faults {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

void delay(bench::tcp_proxy& proxy, milliseconds by) {
  proxy.delay(bench::flow_direction::to_client, by);
  proxy.delay(bench::flow_direction::to_server, by);
}

} // namespace

void fault_hands::later(milliseconds after, std::function<void()> what) {
  ends_.emplace_back(clock::now() + after, std::move(what));
}

void fault_hands::end_due() {
  for (auto i = std::size_t{0}; i < ends_.size();) {
    if (clock::now() < ends_[i].first) {
      ++i;
      continue;
    }
    const auto what = std::move(ends_[i].second);
    ends_.erase(ends_.begin() + static_cast<std::ptrdiff_t>(i));
    what();
  }
}

void fault_hands::end_all() {
  while (!ends_.empty()) // some begin others
    for (const auto& [at, what] : std::exchange(ends_, {}))
      what();
}

/// What it meant for the node may show a moment later.
void fault_hands::trust_disk_again(fault_node& x) {
  later(seconds{3}, [&x] { x.expect_death_by_disk(false); });
}

void fault_hands::continue_backends() {
  for (const auto pid : std::exchange(stopped_backends_, {}))
    ::kill(pid, SIGCONT);
}

void fault_hands::make(const timed_fault& x) {
  auto& node = *world_.nodes[x.node];
  auto& proxy = node.proxy;
  switch (x.what) {
  case fault::restart:
    continue_backends(); // or they would hold up the shutdown
    world_.restart_database();
    break;
  case fault::stop_backend:
    stop_backend(static_cast<std::uint64_t>(x.value), x.length);
    break;
  case fault::stop_node:
    node.stop(x.length);
    break;
  case fault::cut:
    proxy.cut_all();
    break;
  case fault::cut_answers:
    proxy.cut_after(bench::flow_direction::to_client, static_cast<std::uint64_t>(x.value));
    break;
  case fault::half_close:
    proxy.half_close(x.value % 2 == 0 ? bench::flow_direction::to_client : bench::flow_direction::to_server);
    break;
  case fault::delay:
    delay(proxy, milliseconds{x.value});
    later(x.length, [&proxy] { delay(proxy, milliseconds{0}); });
    break;
  case fault::stall:
    proxy.stall(true);
    later(x.length, [&proxy] { proxy.stall(false); });
    break;
  case fault::refuse:
    node.take_database_away(clock::now() + x.length);
    break;
  case fault::github:
    disturb_github(static_cast<std::uint64_t>(x.value));
    later(x.length, [this] { world_.standin.set_faults({}); });
    break;
  case fault::disk_full:
    node.take_database_away(clock::now() + x.length);
    node.disk().set_room(static_cast<std::uint64_t>(x.value) % 100'000);
    node.expect_death_by_disk(true);
    later(x.length, [this, &node] {
      node.disk().set_room({});
      trust_disk_again(node);
    });
    break;
  case fault::fsync_error:
    node.take_database_away(clock::now() + x.length);
    node.disk().fail_syncs(x.value % 2 == 0 ? -1 : 1);
    node.expect_death_by_disk(true);
    later(x.length, [this, &node] {
      node.disk().fail_syncs(0);
      trust_disk_again(node);
    });
    break;
  case fault::torn_write:
    node.take_database_away(clock::now() + x.length);
    node.disk().tear_write(1 + x.value % 60);
    node.expect_death_by_disk(true);
    later(x.length, [this, &node] {
      node.disk().tear_write(0);
      trust_disk_again(node);
    });
    break;
  case fault::power_cut:
    node.take_database_away(clock::now() + x.length); // so that there is something that is not synced
    later(x.length, [&node, seed = static_cast<std::uint64_t>(x.value)] { node.cut_power(seed); });
    break;
  case fault::clock_jump:
    node.disk().set_clock(seconds{x.value});
    later(x.length, [&node] { node.disk().set_clock({}); });
    break;
  }
}

void fault_hands::stop_backend(std::uint64_t any, milliseconds length) {
  const auto pid = world_.some_backend(any);
  if (pid == 0 || ::kill(pid, SIGSTOP) != 0)
    return;
  stopped_backends_.push_back(pid);
  later(length, [this, pid] {
    if (std::erase(stopped_backends_, pid) > 0) // else it was continued for a restart, and may be somebody else by now
      ::kill(pid, SIGCONT);
  });
}

void fault_hands::disturb_github(std::uint64_t seed) {
  using testing::fault_kind;
  auto x = testing::fault_script{};
  x.seed = seed;
  x.rate = 0.3;
  x.kinds = {fault_kind::server_error, fault_kind::stall,  fault_kind::cut,
             fault_kind::reset,        fault_kind::damage, fault_kind::too_many};
  world_.standin.set_faults(x);
}

} // namespace ingot::faults
