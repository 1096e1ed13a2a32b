#include "net/routes/event_stream.hpp"

#include "net/bridge.hpp"

#include <memory>
#include <utility>

namespace ingot::routes {

namespace {

constexpr auto silence_max = std::chrono::seconds{15};

/// What a peer makes of it: come again after so many milliseconds.
constexpr std::string_view greeting = "retry: 3000\n\n";

/// One peer's stream. One piece is asked for at a time, so nothing of it needs a lock. The connection holds this, and a responder
/// holds the connection: so a responder is never kept here, but goes along with what will use it. If that is dropped, the
/// responder ends, and with it the stream.
class event_source final : public http::body_source, public std::enable_shared_from_this<event_source> {
public:
  event_source(const services& what, std::chrono::milliseconds interval, news_look look)
      : system_{what.system}, context_{what.context}, open_{what.event_streams}, interval_{interval}, look_{std::move(look)},
        ends_at_{context_->now() + event_stream_time_max} {}
  ~event_source() override { open_->fetch_sub(1); }

  void next(http::responder to) override {
    const auto shared = std::make_shared<http::responder>(std::move(to));
    if (over_)
      return give(shared, {});
    silent_since_ = context_->now();
    if (std::exchange(greeted_, true))
      look_later(shared);
    else
      give(shared, std::string{greeting});
  }

private:
  using who_asked = std::shared_ptr<http::responder>;

  static void give(const who_asked& to, std::string text) {
    auto piece = http::response{};
    piece.body = std::move(text);
    (*to)(std::move(piece));
  }

  void look_later(who_asked to) {
    const auto pause = std::exchange(looked_, true) ? interval_ : std::chrono::milliseconds{0};
    bridge::later(system_, pause, [self = shared_from_this(), to = std::move(to)] { self->look(to); });
  }

  void look(const who_asked& to) {
    const auto now = context_->now();
    if (context_->draining || now >= ends_at_)
      return give(to, {}); // the end
    look_([self = shared_from_this(), to](stream_news x) { self->took(to, std::move(x)); });
  }

  void took(const who_asked& to, stream_news x) {
    over_ = x.over;
    if (!x.text.empty() || x.over)
      return give(to, std::move(x.text));
    if (context_->now() - silent_since_ >= silence_max)
      return give(to, ":\n\n");
    look_later(to);
  }

  caf::actor_system& system_;
  context_ptr context_;
  std::shared_ptr<std::atomic<unsigned>> open_; ///< streams
  std::chrono::milliseconds interval_;
  news_look look_;
  timestamp ends_at_, silent_since_{};
  bool greeted_ = false, looked_ = false, over_ = false;
};

} // namespace

std::string event_text(std::string_view event, std::string_view data, std::string_view id) {
  auto out = std::string{};
  if (!id.empty())
    out.append("id: ").append(id) += '\n';
  out.append("event: ").append(event) += '\n';
  return out.append("data: ").append(data).append("\n\n");
}

void send_events(const services& what, http::responder done, std::string_view request_id, std::chrono::milliseconds interval,
                 news_look look) {
  if (what.event_streams->fetch_add(1) >= event_streams_max) {
    what.event_streams->fetch_sub(1);
    return done(http::refusal({fault::overloaded, "too many streams of events are open at this node", {}}, request_id));
  }
  auto answer = http::response{};
  answer.content_type = "text/event-stream";
  answer.fields = {{"cache-control", "no-store"}, {"x-accel-buffering", "no"}};
  answer.source = std::make_shared<event_source>(what, interval, std::move(look));
  answer.source_bytes = http::unknown_length;
  done(std::move(answer));
}

} // namespace ingot::routes
