#include "net/routes/content_changes.hpp"

#include "model/contents/tree_entry.hpp"
#include "model/json_object.hpp"
#include "net/bridge.hpp"
#include "net/routes/database_answer.hpp"
#include "net/routes/query_parameters.hpp"
#include "net/routes/user_caller.hpp"
#include "storage/content_feed.hpp"
#include "storage/refused_change.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace ingot::routes {

namespace {

constexpr auto wait_s_max = 60;

/// Callers of this node who wait at a time; each looks once a second. Who comes beyond them is answered at once.
constexpr auto waiting_max = 256u;
constexpr auto look_interval_min = std::chrono::milliseconds{50};
constexpr auto look_interval_max = std::chrono::milliseconds{1'000};

/// `17.3`, as the lines have it; `17` is `17.0`. Throws storage::refused_change.
storage::feed_cursor cursor_of(const std::string& text) {
  auto out = storage::feed_cursor{};
  const auto* const end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, out.feed);
  if (read.ec == std::errc{} && read.ptr != end && *read.ptr == '.')
    read = std::from_chars(read.ptr + 1, end, out.ordinal);
  const auto good = read.ec == std::errc{} && read.ptr == end && out.feed >= 0 && out.ordinal >= 0;
  if (!text.empty() && !good)
    throw storage::refused_change{
        {fault::bad_parameter, "after is no cursor", {{"after", "expected `cursor` of a line, or X-Next-Cursor"}}}};
  return out;
}

std::string text_of(const storage::feed_cursor& x) {
  return std::to_string(x.feed) + '.' + std::to_string(x.ordinal);
}

std::string line_of(const storage::feed_change& x) {
  return json_object{}
             .add("cursor", text_of(x.cursor))
             .add("repository_id", x.repository_id)
             .add("sync_id", x.sync_id)
             .add("commit_sha", x.commit_sha)
             .add("path", x.path)
             .add("change", x.change)
             .add_unless_empty("sha", x.sha.value_or(""))
             .add_unless_empty("previous_sha", x.previous_sha.value_or(""))
             .add_unless_empty("mode", x.mode ? contents::to_string(static_cast<contents::file_mode>(*x.mode)) : "")
             .add("at", to_rfc3339(x.at))
             .text() +
         '\n';
}

http::response answer_of(const storage::feed_page& page) {
  auto out = http::response{};
  out.content_type = "application/x-ndjson";
  for (const auto& x : page.changes)
    out.body += line_of(x);
  out.fields = {{"x-next-cursor", text_of(page.next)}, {"cache-control", "no-store"}};
  return out;
}

/// Somebody who waits for changes.
struct reader {
  reader(const services& what_, user_request_ptr asked_) : what{what_}, asked{std::move(asked_)} {}
  ~reader() {
    if (counted)
      what.feed_readers->fetch_sub(1);
  }
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  const services& what;
  user_request_ptr asked;
  storage::feed_question question;
  timestamp until;
  std::chrono::milliseconds interval = look_interval_min;
  bool counted = false; ///< in feed_readers
};

void look(const std::shared_ptr<reader>& x) {
  const auto& context = *x->what.context;
  bridge::run_query(context,
                    {[x, &context](storage::connection& db) {
                       const auto page = storage::read_feed(db, x->question);
                       if (!page.changes.empty() || !x->counted || context.draining || context.now() >= x->until)
                         return x->asked->done(answer_of(page));
                       x->question.after = page.next;
                       x->interval = std::min(x->interval * 2, look_interval_max);
                       bridge::later(x->what.system, x->interval, [x] { look(x); });
                     },
                     [x](const failure& why) { x->asked->done(http::refusal(why, x->asked->request.head.request_id)); }});
}

} // namespace

void feed_changes(const services& what, http::request req, path_parameters none, http::responder done) {
  with_user(what, std::move(req), std::move(none), std::move(done), [&what](const user_request_ptr& asked) {
    const auto query = query_parameters{asked->request.head.query, {"after", "limit", "repository", "wait"}};
    auto x = std::make_shared<reader>(what, asked);
    x->question.after = cursor_of(query.text("after"));
    x->question.limit = static_cast<std::size_t>(query.integer("limit", 1, page_max, page_default));
    if (const auto one = query.integer("repository", 1, std::numeric_limits<std::int64_t>::max(), 0); one != 0)
      x->question.repository_id = one;
    if (!asked->caller.is_admin() || !asked->caller.user_id.empty())
      x->question.user = asked->caller.user_id;
    const auto wait = std::chrono::seconds{query.integer("wait", 0, wait_s_max, 0)};
    x->until = what.context->now() + wait;
    if (wait.count() > 0) {
      x->counted = what.feed_readers->fetch_add(1) < waiting_max;
      if (!x->counted)
        what.feed_readers->fetch_sub(1);
    }
    look(x);
  });
}

} // namespace ingot::routes
