#include "bench/faults/fault_node.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>

namespace ingot::faults {

using std::chrono::milliseconds;

namespace {

/// A node that is to drain has its database for one half of this time, and has it not for the other.
constexpr auto drain_period = milliseconds{2'400};

/// A node that was stopped at a failpoint lives on for so long.
constexpr auto stop_aftermath = milliseconds{1'500};

} // namespace

fault_node::fault_node(testing::node_options options, const std::string& database)
    : proxy{database}, process_{std::move(options)} {
  std::filesystem::create_directories(process_.data_dir());
  disk_.emplace(process_.data_dir().parent_path() / "disk", process_.data_dir() / "spool.sqlite");
  for (const auto& [name, value] : disk_->environment())
    process_.environment()[name] = value;
  process_.environment()["DATABASE_URL"] = "host=127.0.0.1 port=" + std::to_string(proxy.port()) + " user=ingot dbname=ingot";
}

fault_node::~fault_node() {
  process_.kill(); // before its disk goes
}

void fault_node::begin(const life& x) {
  if (power_cut_)
    disk_->cut_power(*power_cut_);
  power_cut_.reset();
  life_ = x;
  auto& armed = process_.environment()["INGOT_FAILPOINT"];
  armed.clear();
  if (x.point != no_failpoint)
    armed =
        std::string{failpoints[static_cast<std::size_t>(x.point)].name} + ':' + std::to_string(x.pass) + (x.stop ? ":stop" : "");
  began_ = clock::now();
  ends_at_ = x.patience.count() > 0 ? began_ + x.patience : clock::time_point::max();
  steer_database();
  process_.launch();
  living_ = true;
  kill_sent_ = pausing_ = stop_seen_ = false;
}

/// proc(5): the state follows the name, which ends with the last parenthesis.
bool fault_node::stopped() const {
  auto in = std::ifstream{"/proc/" + std::to_string(process_.pid()) + "/stat"};
  auto line = std::string{};
  std::getline(in, line);
  const auto end = line.rfind(") ");
  return end != std::string::npos && end + 2 < line.size() && line[end + 2] == 'T';
}

void fault_node::kill() {
  kill_sent_ = true;
  process_.signal(SIGKILL);
}

void fault_node::cut_power(std::uint64_t seed) {
  if (!living_)
    return;
  power_cut_ = seed;
  kill();
}

void fault_node::take_database_away(clock::time_point until) {
  away_until_ = std::max(away_until_, until);
  steer_database();
}

void fault_node::steer_database() {
  const auto needs = life_.point == no_failpoint ? provocation::traffic : failpoints[static_cast<std::size_t>(life_.point)].needs;
  const auto away = clock::now() < away_until_ || (living_ && needs == provocation::outage) ||
                    (living_ && needs == provocation::drain && age() % drain_period < drain_period / 2);
  if (away == away_)
    return;
  away_ = away;
  proxy.refuse(away);
  if (away)
    proxy.cut_all();
}

void fault_node::stop(milliseconds length) {
  if (!living_ || pausing_ || (life_.stop && !stop_seen_))
    return;
  process_.signal(SIGSTOP);
  pausing_ = true;
  continue_at_ = clock::now() + length;
}

std::optional<ending> fault_node::look() {
  steer_database();
  if (!living_)
    return std::nullopt;
  if (const auto status = process_.wait(milliseconds{0})) {
    living_ = false;
    status_ = *status;
    const auto killed = WIFSIGNALED(*status) && WTERMSIG(*status) == SIGKILL;
    if (killed && kill_sent_)
      return life_.point == no_failpoint || life_.stop ? ending::at_random : ending::missed;
    if (deaths_by_disk_ > 0 && (killed || (WIFEXITED(*status) && WEXITSTATUS(*status) != 0)))
      return ending::by_disk;
    if (killed && life_.point != no_failpoint && !life_.stop)
      return ending::at_point;
    return ending::by_itself;
  }
  const auto now = clock::now();
  if (life_.stop && !stop_seen_ && !pausing_ && stopped()) {
    stop_seen_ = pausing_ = true;
    ++stops_at_points_;
    continue_at_ = now + life_.pause;
  }
  if (pausing_ && now >= continue_at_) {
    process_.signal(SIGCONT);
    pausing_ = false;
    if (life_.stop && stop_seen_) // what it went on with is done by then
      ends_at_ = std::min(ends_at_, now + stop_aftermath);
  }
  if (!kill_sent_ && now >= ends_at_)
    kill();
  return std::nullopt;
}

} // namespace ingot::faults
