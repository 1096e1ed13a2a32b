#include "net/http/session.hpp"

#include "net/http/answer_text.hpp"
#include "net/http/character.hpp"

#include <algorithm>

namespace ingot::http {

namespace {

constexpr std::chrono::milliseconds linger_time{1'000};
constexpr std::chrono::milliseconds linger_time_draining{200}; ///< most senders close at once; a drain waits for all
constexpr std::size_t linger_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t buffer_spare = 8 * 1024; ///< beyond the head: most deliveries come whole in one read
constexpr std::size_t out_bytes_kept = 64 * 1024;
/// A body announced larger than one of so many parts of bytes_in_flight_max takes more than one turn.
constexpr std::size_t parts_in_flight = 64;
/// A chunked body says nothing of its size: it counts as one of so many.
constexpr std::size_t unannounced_bytes = 4 * 1024 * 1024;
constexpr std::string_view continue_text = "HTTP/1.1 100 Continue\r\n\r\n";

steady_time now() noexcept {
  return std::chrono::steady_clock::now();
}

response empty_answer() {
  response answer;
  answer.body = "{}";
  return answer;
}

} // namespace

template <class Stream>
session<Stream>::session(io_thread& owner, Stream stream)
    : owner_(owner), stream_(std::move(stream)),
      buffer_(std::max<std::size_t>(owner.shared().settings.head_bytes_max, 16 * 1024) + buffer_spare),
      body_(owner.shared().held) {}

template <class Stream>
detached_task session<Stream>::run() {
  try {
    bool open = true;
    if constexpr (Stream::has_handshake) {
      enter(phase::handshake, now() + settings().head_timeout);
      const auto shaken = co_await handshake_awaiter(cut_, stream_);
      open = !shaken.ec && cut_ == cut::none;
      if (cut_ == cut::deadline)
        owner_.refused(*this, fault::request_timeout, "the TLS handshake was too slow");
    }
    while (open)
      open = co_await serve_one();
  } catch (const std::exception&) {
    owner_.refused(*this, fault::internal, "serving a connection failed");
  }
  end_exchange();
  owner_.release(*this); // destroys *this; the coroutine's frame is not in it
}

/// @returns whether the connection goes on
template <class Stream>
task<bool> session<Stream>::serve_one() {
  if (!co_await receive_head())
    co_return false;
  request req;
  begin_exchange(req.head);
  buffer_.consume(scanner_.size());
  auto& shared = owner_.shared();

  if (req.head.path == "*") // RFC 9110 section 9.3.7: a question about the server itself
    co_return co_await finish(empty_answer(), skip_buffered_body());
  if (!shared.held.enter_request()) {
    owner_.refused(*this, fault::overloaded, "there are too many requests in flight");
    const failure why{fault::overloaded, "there are too many requests in flight", {}};
    co_return co_await finish(refusal(why, exchange_.request_id), skip_buffered_body());
  }
  exchange_.counted = true;

  auto admitted = shared.app.admit(req.head);
  exchange_.fields = std::move(admitted.fields);
  if (admitted.refusal)
    co_return co_await finish(std::move(*admitted.refusal), skip_buffered_body());
  const auto bytes_max = std::min(admitted.body_bytes_max, settings().body_bytes_max);
  if (head_.framing == body_framing::length && head_.content_length > bytes_max)
    co_return co_await refuse(arrival::too_large);
  if (head_.framing == body_framing::length && !shared.held.has_bytes(head_.content_length + body_store::padding)) {
    owner_.refused(*this, fault::overloaded, "too many bytes are in flight");
    const failure why{fault::overloaded, "too many bytes are in flight", {}};
    co_return co_await finish(refusal(why, exchange_.request_id), skip_buffered_body());
  }
  exchange_.from = admitted.from;
  if (exchange_.from.tenant != 0 && !co_await wait_for_turn())
    co_return false;
  if (exchange_.from.tenant != 0 && exchange_.taken == 0) {
    owner_.refused(*this, fault::overloaded, "a sender has too many requests at once");
    const failure why{fault::overloaded, "this sender has too many requests at once", {}};
    co_return co_await finish(refusal(why, exchange_.request_id), skip_buffered_body());
  }
  if (head_.framing != body_framing::none && !take_buffered_body()) {
    const auto how = co_await receive_body(bytes_max);
    if (how == arrival::gone)
      co_return false;
    if (how != arrival::whole)
      co_return co_await refuse(how);
  }
  req.body = std::move(body_.bytes);
  if (req.body.empty() && req.head.method != "GET")
    req.body.reserve(body_store::padding);
  co_return co_await answer_with_application(std::move(req));
}

/// Waits for a head that passes. @returns false when the connection is at its end, its refusal sent
template <class Stream>
task<bool> session<Stream>::receive_head() {
  scanner_ = {};
  exchange_.has_head = false;
  bool blank_line_taken = false;
  const auto first_wait = served_before_ ? settings().idle_timeout : std::min(settings().idle_timeout, settings().head_timeout);
  if (buffer_.empty())
    enter(phase::idle, now() + first_wait);
  else
    enter(phase::head, now() + settings().head_timeout);

  for (;;) {
    // RFC 9112 section 2.2: an empty line before the request line is passed over.
    if (!blank_line_taken && buffer_.view().starts_with("\r\n")) {
      buffer_.consume(2);
      blank_line_taken = true;
    }
    const auto view = buffer_.view();
    const bool may_be_blank_line = !blank_line_taken && view == "\r";
    const auto found = may_be_blank_line ? head_scanner::result::need_more : scanner_.look(view);
    if (found == head_scanner::result::malformed)
      co_return co_await refuse(fault::bad_request_framing, "a line does not end in CR LF, or no method begins the head");
    const bool complete = found == head_scanner::result::complete;
    if ((complete ? scanner_.size() : view.size()) > settings().head_bytes_max) {
      if (scanner_.in_first_line())
        co_return co_await refuse(fault::target_too_long, "the request target is too long");
      co_return co_await refuse(fault::head_too_large, "the head is too large");
    }
    if (complete)
      break;
    if (owner_.draining() && at() == phase::idle) {
      error_code ec;
      if (stream_.socket().available(ec) == 0 || ec)
        co_return false;
    }
    const auto room = buffer_.make_room();
    const auto read = co_await read_awaiter(cut_, stream_.layer(), asio::buffer(room.data, room.size));
    buffer_.received(read.size);
    const auto woken = look(read);
    if (woken == wake::gone)
      co_return false;
    if (woken == wake::drain)
      continue;
    if (woken != wake::bytes && buffer_.empty())
      co_return false;
    if (woken == wake::deadline)
      co_return co_await refuse(fault::request_timeout, "the head came too slowly");
    if (woken == wake::end)
      co_return co_await refuse(fault::bad_request_framing, "the connection ended within the head");
    if (at() == phase::idle)
      enter(phase::head, now() + settings().head_timeout);
  }
  if (const auto verdict = check_head(buffer_.view().substr(0, scanner_.size()), head_); !verdict)
    co_return co_await refuse(verdict.code, verdict.reason, verdict.where);
  co_return true;
}

/// @returns how the rest of a body came that was not buffered whole
template <class Stream>
task<typename session<Stream>::arrival> session<Stream>::receive_body(std::size_t bytes_max) {
  if (head_.expects_continue && buffer_.empty() && !co_await send(continue_text))
    co_return arrival::gone;
  const auto& s = settings();
  const auto wanted = static_cast<std::size_t>(s.body_grace.count()) * s.body_bytes_per_second_min / 1000;
  enter_body(now(), wanted, s.body_grace);
  if (head_.framing == body_framing::chunked)
    co_return co_await receive_chunked(bytes_max);
  co_return co_await receive_sized(bytes_max);
}

template <class Stream>
task<typename session<Stream>::arrival> session<Stream>::receive_sized(std::size_t bytes_max) {
  const auto total = static_cast<std::size_t>(head_.content_length);
  auto& bytes = body_.bytes;
  const auto here = buffer_.view().substr(0, total);
  if (!body_.make_room(std::max(here.size(), std::min(total, body_store::first_step)), bytes_max))
    co_return arrival::overloaded;
  bytes.append(here);
  buffer_.consume(bytes.size());
  // Read in place. The string is as long as its room while it fills: growing it by each read would clear it each time.
  std::size_t arrived = bytes.size();
  while (arrived < total) {
    if (arrived == body_.room() && !body_.make_room(arrived + 1, total))
      co_return arrival::overloaded;
    bytes.resize(std::min(total, body_.room()));
    const auto read = co_await read_awaiter(cut_, stream_.layer(), asio::buffer(bytes.data() + arrived, bytes.size() - arrived));
    arrived += read.size;
    body_bytes_arrived_ += read.size;
    const auto woken = look(read);
    if (woken == wake::gone)
      co_return arrival::gone;
    if (woken == wake::deadline)
      co_return arrival::slow;
    if (woken == wake::end)
      co_return arrival::ended_early;
  }
  co_return arrival::whole;
}

template <class Stream>
task<typename session<Stream>::arrival> session<Stream>::receive_chunked(std::size_t bytes_max) {
  chunk_decoder decoder;
  for (;;) {
    auto in = buffer_.view();
    const auto before = in.size();
    std::string_view piece;
    const auto step = decoder.next(in, piece);
    if (step == chunk_decoder::result::data) {
      if (piece.size() > bytes_max - body_.bytes.size())
        co_return arrival::too_large;
      if (!body_.make_room(body_.bytes.size() + piece.size(), bytes_max))
        co_return arrival::overloaded;
      body_.bytes.append(piece);
    }
    buffer_.consume(before - in.size());
    if (step == chunk_decoder::result::complete)
      co_return arrival::whole;
    if (step == chunk_decoder::result::malformed)
      co_return arrival::malformed;
    if (step == chunk_decoder::result::too_much_overhead)
      co_return arrival::overhead;
    if (step != chunk_decoder::result::need_more)
      continue;
    const auto room = buffer_.make_room();
    const auto read = co_await read_awaiter(cut_, stream_.layer(), asio::buffer(room.data, room.size));
    buffer_.received(read.size);
    body_bytes_arrived_ += read.size;
    const auto woken = look(read);
    if (woken == wake::gone)
      co_return arrival::gone;
    if (woken == wake::deadline)
      co_return arrival::slow;
    if (woken == wake::end)
      co_return arrival::ended_early;
  }
}

/// Waits until the session's request is answered, by whomever and on whatever thread.
struct answer_awaiter {
  const bool* answered;
  std::coroutine_handle<>* waiter;
  bool await_ready() const noexcept { return *answered; }
  void await_suspend(std::coroutine_handle<> self) const noexcept { *waiter = self; }
  void await_resume() const noexcept {}
};

/// @returns false when the connection is at its end. Else the turn is taken, or nothing when turn_timeout has passed
template <class Stream>
task<bool> session<Stream>::wait_for_turn() {
  answered_ = false;
  if (owner_.shared().waiting.enter(exchange_.from, weight(), now(), [&] { return owner_.make_responder(*this); })) {
    exchange_.taken = weight();
    co_return true;
  }
  enter(phase::handling, steady_time::max());
  co_await answer_awaiter{&answered_, &waiter_};
  if (cut_ == cut::stop || !answer_)
    co_return false;
  if (std::exchange(answer_, std::nullopt)->status == turn_granted)
    exchange_.taken = weight();
  co_return true;
}

template <class Stream>
std::size_t session<Stream>::weight() const noexcept {
  const auto part = std::max<std::size_t>(settings().bytes_in_flight_max / parts_in_flight, 1);
  const auto bytes = head_.framing == body_framing::length    ? static_cast<std::size_t>(head_.content_length)
                     : head_.framing == body_framing::chunked ? unannounced_bytes
                                                              : std::size_t{0};
  return 1 + bytes / part;
}

template <class Stream>
task<bool> session<Stream>::answer_with_application(request req) {
  req.received_at = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  enter(phase::handling, steady_time::max());
  answered_ = false;
  bool failed = false;
  try {
    owner_.shared().app.handle(std::move(req), owner_.make_responder(*this));
  } catch (const std::exception&) {
    failed = true;
  }
  owner_.handled();
  if (failed) {
    owner_.refused(*this, fault::internal, "the application failed");
    answer_ = refusal({fault::internal, "the request could not be handled", {}}, exchange_.request_id);
    answered_ = true;
  }
  co_await answer_awaiter{&answered_, &waiter_};
  if (cut_ == cut::stop)
    co_return false;
  auto answer = std::exchange(answer_, std::nullopt);
  if (!answer)
    answer = refusal({fault::lost, "whoever was to answer has died; try again", {}}, exchange_.request_id);
  co_return co_await finish(std::move(*answer), true);
}

template <class Stream>
task<bool> session<Stream>::refuse(fault why, std::string_view reason, std::string_view where) {
  owner_.refused(*this, why, reason);
  if (!exchange_.has_head) {
    exchange_.request_id = owner_.next_request_id();
    exchange_.head_only = false;
  }
  failure text{why, std::string(reason), {}};
  if (!where.empty())
    text.details.push_back({std::string(where), std::string(reason)});
  co_return co_await finish(refusal(text, exchange_.request_id), false);
}

template <class Stream>
task<bool> session<Stream>::refuse(arrival how) {
  switch (how) {
  case arrival::slow:
    return refuse(fault::request_timeout, "the body came too slowly");
  case arrival::ended_early:
    return refuse(fault::bad_request_framing, "the connection ended within the body");
  case arrival::malformed:
    return refuse(fault::bad_request_framing, "the chunked coding is broken");
  case arrival::overhead:
    return refuse(fault::bad_request_framing, "chunk extensions or trailers are too long");
  case arrival::overloaded:
    return refuse(fault::overloaded, "too many bytes are in flight");
  case arrival::too_large:
  case arrival::whole:
  case arrival::gone:
    break;
  }
  return refuse(fault::body_too_large, "the body is larger than this route takes");
}

/// Sends the answer. @returns whether the connection goes on
template <class Stream>
task<bool> session<Stream>::finish(response what, bool keep) {
  for (auto& x : exchange_.fields)
    what.fields.push_back(std::move(x));
  exchange_.fields.clear();
  keep = keep && exchange_.has_head && head_.keep_alive && !what.close && !owner_.draining();
  keep = keep && !(what.source && what.source_bytes == unknown_length);
  const auto option = !keep ? connection_option::close : head_.http_1_0 ? connection_option::keep_alive : connection_option::none;
  out_.clear();
  const bool chunked = what.source && what.source_bytes == unknown_length && !head_.http_1_0;
  append_answer(out_, what, {owner_.date(), exchange_.request_id, option, exchange_.head_only, chunked});
  const bool in_pieces = what.source && !exchange_.head_only && what.status != 204 && what.status != 304;
  if (!in_pieces)
    end_exchange();
  const auto sent_now = cut_ == cut::stop ? 0 : stream_.write_now(out_);
  bool sent = sent_now == out_.size() || co_await send(std::string_view(out_).substr(sent_now));
  if (in_pieces) {
    sent = sent && co_await send_pieces(what.source.get(), what.source_bytes, chunked);
    what.source.reset();
    end_exchange();
  }
  if (exchange_.has_head && owner_.shared().callbacks->on_answer)
    owner_.shared().callbacks->on_answer(exchange_.head, what.status, what.why,
                                         std::chrono::duration<double>(now() - exchange_.begun).count());
  served_before_ = true;
  if (out_.capacity() > out_bytes_kept)
    out_ = std::string();
  if (sent && !keep)
    co_await linger();
  co_return sent&& keep;
}

/// Sends a body as its source gives it. One that breaks off lacks its last chunk, so that nobody takes it for whole.
/// @returns whether all of it went out
template <class Stream>
task<bool> session<Stream>::send_pieces(body_source* source, std::uint64_t left, bool chunked) {
  while (left > 0) {
    enter(phase::handling, steady_time::max());
    answered_ = false;
    source->next(owner_.make_responder(*this));
    co_await answer_awaiter{&answered_, &waiter_};
    if (cut_ == cut::stop)
      co_return false;
    auto piece = std::exchange(answer_, std::nullopt);
    const bool is_end = piece && piece->body.empty() && left == unknown_length;
    if (!is_end && (!piece || piece->body.empty() || piece->body.size() > left)) {
      owner_.refused(*this, fault::internal, "the source of an answer failed");
      co_return false;
    }
    if (left != unknown_length)
      left -= piece->body.size();
    out_.clear();
    if (chunked)
      append_chunk(out_, piece->body);
    else
      out_ = std::move(piece->body);
    if (!co_await send(out_))
      co_return false;
    if (is_end)
      co_return true;
  }
  co_return true;
}

template <class Stream>
task<bool> session<Stream>::send(std::string_view text) {
  // Time for each byte too, so that a reader who takes one now and then does not hold the answer for ever.
  const auto by_size =
      std::chrono::milliseconds(1000 * text.size() / std::max<std::size_t>(settings().body_bytes_per_second_min, 1));
  enter(phase::writing, now() + settings().write_timeout + by_size);
  while (!text.empty()) {
    const auto written = co_await write_awaiter(cut_, stream_.layer(), asio::buffer(text.data(), text.size()));
    if (cut_ == cut::deadline)
      owner_.refused(*this, fault::request_timeout, "the answer was not read");
    if (cut_ != cut::none || written.ec)
      co_return false;
    text.remove_prefix(written.size);
  }
  co_return true;
}

/// Ends the sending side and takes what still comes for a while: closing a socket with unread bytes resets the connection,
/// and the reset would eat the answer (RFC 9112 section 9.6).
template <class Stream>
task<bool> session<Stream>::linger() {
  enter(phase::lingering, now() + (owner_.draining() ? linger_time_draining : linger_time));
  if constexpr (Stream::has_handshake)
    co_await goodbye_awaiter(cut_, stream_);
  error_code ec;
  stream_.socket().shutdown(tcp_socket::shutdown_send, ec);
  std::size_t taken = 0;
  buffer_.consume(buffer_.view().size());
  while (!ec && cut_ == cut::none && taken < linger_bytes_max) {
    const auto room = buffer_.make_room();
    const auto read = co_await read_awaiter(cut_, stream_.socket(), asio::buffer(room.data, room.size));
    taken += read.size;
    ec = read.ec;
  }
  co_return true;
}

/// Gives the request its id and freezes its head.
template <class Stream>
void session<Stream>::begin_exchange(request_head& out) {
  exchange_.begun = now();
  exchange_.has_head = true;
  exchange_.head_only = head_.method == "HEAD";
  exchange_.request_id = owner_.next_request_id();
  out.method = exchange_.head_only ? std::string_view("GET") : head_.method;
  out.path = head_.path;
  out.query = head_.query;
  out.head_only = exchange_.head_only;
  out.remote_address = remote_address;
  out.request_id = exchange_.request_id;
  if (owner_.shared().callbacks->on_answer)
    exchange_.head = out;
  freeze_fields(out);
}

template <class Stream>
void session<Stream>::freeze_fields(request_head& out) const {
  out.fields.reserve(head_.fields.size());
  for (const auto& [name, value] : head_.fields) {
    const auto same = std::find_if(out.fields.begin(), out.fields.end(), [&, n = name](const field& f) {
      return f.first.size() == n.size() && equal_ignoring_case(f.first, n);
    });
    if (same != out.fields.end()) {
      same->second += ", ";
      same->second += value;
      continue;
    }
    auto& added = out.fields.emplace_back(name, value);
    std::transform(added.first.begin(), added.first.end(), added.first.begin(), character::to_lower);
  }
}

/// What the request held of the common bounds is free again.
template <class Stream>
void session<Stream>::end_exchange() noexcept {
  if (std::exchange(exchange_.counted, false))
    owner_.shared().held.leave_request();
  body_.release();
  body_.bytes = std::string();
  if (const auto taken = std::exchange(exchange_.taken, 0); taken != 0)
    for (auto& next : owner_.shared().waiting.leave(exchange_.from, taken, now())) {
      auto go = response{};
      go.status = turn_granted;
      next(std::move(go));
    }
}

/// The common case: a body that came with its head.
template <class Stream>
bool session<Stream>::take_buffered_body() {
  if (head_.framing != body_framing::length || head_.content_length > buffer_.view().size())
    return false;
  const auto size = static_cast<std::size_t>(head_.content_length);
  if (!body_.make_room(size, size))
    return false;
  body_.bytes.append(buffer_.view().substr(0, size));
  buffer_.consume(size);
  return true;
}

/// Passes over the body of a request that is refused. @returns false when it has not come, so that the connection must end
template <class Stream>
bool session<Stream>::skip_buffered_body() noexcept {
  if (head_.framing == body_framing::none)
    return true;
  if (head_.framing != body_framing::length || head_.content_length > buffer_.view().size())
    return false;
  buffer_.consume(static_cast<std::size_t>(head_.content_length));
  return true;
}

template <class Stream>
typename session<Stream>::wake session<Stream>::look(const io_result& read) noexcept {
  switch (cut_) {
  case cut::stop:
    return wake::gone;
  case cut::deadline:
    cut_ = cut::none;
    return wake::deadline;
  case cut::drain:
    cut_ = cut::none;
    return read.ec ? wake::drain : wake::bytes;
  case cut::none:
    break;
  }
  if (!read.ec)
    return wake::bytes;
  return read.ec == asio::error::eof ? wake::end : wake::gone;
}

std::unique_ptr<connection> make_session(io_thread& owner, tcp_socket socket) {
  return std::make_unique<session<plain_stream>>(owner, plain_stream(std::move(socket)));
}

std::unique_ptr<connection> make_tls_session(io_thread& owner, tcp_socket socket, std::shared_ptr<asio::ssl::context> tls) {
  return std::make_unique<session<tls_stream>>(owner, tls_stream(std::move(socket), std::move(tls)));
}

} // namespace ingot::http
