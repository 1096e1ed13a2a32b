#include "actors/permit_source.hpp"

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>

namespace ingot {

namespace {

/// The RATE LIMITER answers within permit_wait_max; an actor that is behind gets this much more.
constexpr auto patience = std::chrono::seconds{5};

class actor_permit final : public github::permit {
public:
  actor_permit(rate_limiter_actor of, github::limiter::permit_mark mark) : of_{std::move(of)}, mark_{std::move(mark)} {}
  ~actor_permit() override { end({}, true); }

  void settle(const github::rate_news& news) override { end(news, false); }

private:
  void end(const github::rate_news& news, bool lost) {
    if (!std::exchange(over_, true))
      caf::anon_send(of_, settle_atom_v, permit_settlement{std::move(mark_), news, lost});
  }

  rate_limiter_actor of_;
  github::limiter::permit_mark mark_;
  bool over_ = false;
};

/// Where one thread waits for its answer.
struct waiting_room {
  std::mutex guard;
  std::condition_variable told;
  std::optional<permit_answer> answer;
  bool left = false; ///< nobody waits any more: what is granted is given back
};

/// Called by the RATE LIMITER, or by whoever drops what it was asked.
void tell(waiting_room& room, const rate_limiter_actor& from, permit_answer x) {
  const auto lock = std::lock_guard{room.guard};
  if (!room.left) {
    room.answer = std::move(x);
    room.told.notify_one();
  } else if (x.granted) {
    auto unused = github::rate_news{};
    unused.free = true;
    caf::anon_send(from, settle_atom_v, permit_settlement{std::move(*x.granted), unused, false});
  }
}

[[noreturn]] void refuse(const github::permit_order& x, const std::string& why, timestamp retry_at) {
  throw contents::provider_error{contents::trouble::rate_limited,
                                 "no permit for a request to GitHub (budget " + x.budget + "): " + why, retry_at};
}

} // namespace

std::unique_ptr<github::permit> permit_source::acquire(const github::permit_order& x) {
  const auto handles = context_.handles.load();
  if (!handles)
    refuse(x, "the node stops", context_.now());
  const auto room = std::make_shared<waiting_room>();
  {
    auto asked = std::make_shared<permit_in_hand>();
    asked->order = x;
    asked->answer = std::make_shared<permit_reply>(
        [room, from = handles->rate_limiter](permit_answer answer) { tell(*room, from, std::move(answer)); });
    caf::anon_send(handles->rate_limiter, acquire_atom_v, permit_ptr{std::move(asked)});
  }
  auto lock = std::unique_lock{room->guard};
  room->told.wait_for(lock, context_.config.github_api.permit_wait_max + patience, [&] { return room->answer.has_value(); });
  if (!room->answer) {
    room->left = true;
    refuse(x, "the limiter does not answer", context_.now() + patience);
  }
  if (room->answer->granted)
    return std::make_unique<actor_permit>(handles->rate_limiter, std::move(*room->answer->granted));
  if (room->answer->lost)
    refuse(x, "the limiter ended", context_.now());
  refuse(x, "its limit allows none in time", room->answer->retry_at);
}

} // namespace ingot
