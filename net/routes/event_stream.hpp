#pragma once

#include "net/routes/services.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace ingot::routes {

/// What there is to tell now.
struct stream_news {
  std::string text;  ///< of event_text(), one after the other; empty: nothing new
  bool over = false; ///< nothing will follow: the stream ends
};

/// One event of a stream (WHATWG HTML, "Server-sent events"). @param data JSON of one line @param id as the browser gives it back
/// in Last-Event-ID when it comes again; empty: none
std::string event_text(std::string_view event, std::string_view data, std::string_view id = {});

/// Looks for news and calls `tell` once, on any thread, now or later. It must not block. When it drops `tell` the stream is cut.
using news_look = std::function<void(std::function<void(stream_news)> tell)>;

/// Streams of events that a node sends at a time; each holds a connection.
inline constexpr auto event_streams_max = 64u;

/// Then it ends, and browsers come again by themselves: whoever may not any more, is refused then.
inline constexpr auto event_stream_time_max = std::chrono::minutes{1};

/// Answers with a stream of events (text/event-stream): looks at once, and again every `interval` after the one before was taken.
/// A comment goes out when nothing was told for 15 s, so that a peer that is gone is noticed. Ends when the news say so, when the
/// node stops, and after event_stream_time_max. 503 when there are too many streams.
void send_events(const services& what, http::responder done, std::string_view request_id, std::chrono::milliseconds interval,
                 news_look look);

} // namespace ingot::routes
