#include "model/github/knowledge.hpp"

#include <charconv>
#include <concepts>
#include <stdexcept>
#include <utility>

// The text of the columns `facts`: version, kind, then the members in order. A number ends in a space, a text is
// `<bytes>:<text>` and needs no escaping, `=` repeats the text of the entry before, `~` is an absent optional.

namespace ingot::github {

namespace {

constexpr char version = '1';

/// More elements than any bound of ours: the text was not written by us.
constexpr std::size_t elements_max = 1000;

class facts_writer {
public:
  explicit facts_writer(char kind, std::size_t bytes_expected) {
    out_.reserve(bytes_expected);
    out_ += version;
    out_ += kind;
  }

  template <std::integral T>
  void put(T x) {
    append(x, ' ');
  }
  void put(bool x) { put(x ? 1 : 0); }
  void put(std::string_view text) {
    append(text.size(), ':');
    out_ += text;
  }
  void put(timestamp x) { put(std::int64_t{x.time_since_epoch().count()}); }
  void put(const stamp& x) {
    put(x.at);
    put(x.rank);
    put(x.digest);
  }
  void put(const merge_fact& x) {
    put(x.said_at);
    put(x.merged_at);
    put(x.closed_at);
  }
  template <class T>
  void put(const std::optional<T>& x) {
    if (x)
      put(*x);
    else
      out_ += '~';
  }
  void put(const std::vector<history_entry>& entries) {
    put(entries.size());
    const auto none = history_entry{};
    const auto* before = &none;
    for (const auto& x : entries) {
      put(x.at);
      put(x.rank);
      put_unless(before->field, x.field);
      put_unless(before->value, x.value);
      put_unless(before->source, x.source);
      put_unless(before->by, x.by);
      put_unless(before->sha, x.sha);
      put_unless(before->delivery, x.delivery);
      before = &x;
    }
  }
  void put(const std::map<std::string, std::pair<stamp, std::string>>& latest) {
    put(latest.size());
    for (const auto& [key, value] : latest) {
      put(key);
      put(value.first);
      put(value.second);
    }
  }

  std::string take() { return std::move(out_); }

private:
  template <std::integral T>
  void append(T x, char terminator) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, x).ptr;
    *end = terminator;
    out_.append(digits, end + 1);
  }

  void put_unless(const std::string& repeated, const std::string& text) {
    if (text == repeated)
      out_ += '=';
    else
      put(text);
  }

  std::string out_;
};

class facts_reader {
public:
  facts_reader(std::string_view facts, char kind) : rest_(facts) {
    expect(version);
    expect(kind);
  }

  template <std::integral T>
  void get(T& x) {
    x = number<T>(' ');
  }
  void get(bool& x) {
    const auto value = number<int>(' ');
    if (value != 0 && value != 1)
      fail("a flag that is neither 0 nor 1");
    x = value == 1;
  }
  void get(std::string& text) { text = text_view(); }
  void get(timestamp& x) { x = timestamp{std::chrono::microseconds{number<std::int64_t>(' ')}}; }
  void get(stamp& x) {
    get(x.at);
    get(x.rank);
    get(x.digest);
  }
  void get(merge_fact& x) {
    get(x.said_at);
    get(x.merged_at);
    get(x.closed_at);
  }
  template <class T>
  void get(std::optional<T>& x) {
    if (skip('~'))
      x.reset();
    else
      get(x.emplace());
  }
  void get(std::vector<history_entry>& entries) {
    const auto size = count();
    entries.resize(size);
    const auto none = history_entry{};
    for (std::size_t i = 0; i < size; ++i) {
      auto& x = entries[i];
      const auto& before = i > 0 ? entries[i - 1] : none;
      get(x.at);
      get(x.rank);
      get_unless(before.field, x.field);
      get_unless(before.value, x.value);
      get_unless(before.source, x.source);
      get_unless(before.by, x.by);
      get_unless(before.sha, x.sha);
      get_unless(before.delivery, x.delivery);
    }
  }
  void get(std::map<std::string, std::pair<stamp, std::string>>& latest) {
    for (auto left = count(); left > 0; --left) {
      auto& value = latest[std::string{text_view()}];
      get(value.first);
      get(value.second);
    }
  }

  /// Of the elements that follow.
  std::size_t count() {
    const auto size = number<std::size_t>(' ');
    if (size > elements_max)
      fail("more elements than a row can have");
    return size;
  }

  void end() {
    if (!rest_.empty())
      fail("text behind the end");
  }

private:
  template <class T>
  T number(char terminator) {
    auto value = T{};
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{})
      fail("no number where one belongs");
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    expect(terminator);
    return value;
  }

  std::string_view text_view() {
    const auto size = number<std::size_t>(':');
    if (size > rest_.size())
      fail("a text longer than what is left");
    const auto text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }

  void get_unless(const std::string& repeated, std::string& text) { text = skip('=') ? std::string_view{repeated} : text_view(); }

  bool skip(char c) {
    if (rest_.empty() || rest_.front() != c)
      return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!skip(c))
      fail(std::string{"expected '"} + c + "'");
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error{"facts that this version cannot read: " + what + ", " + std::to_string(rest_.size()) +
                             " bytes before the end"};
  }

  std::string_view rest_;
};

// One list of members per kind, for both directions: they cannot drift apart.

template <class Visitor, class State>
void visit_repository(Visitor&& member, State& x) {
  member(x.columns);
  member(x.content);
  member(x.deleted);
  member(x.open_prs);
  member(x.total_prs);
  member(x.last_activity);
  member(x.installation_id);
  member(x.installation);
}

template <class Visitor, class State>
void visit_pull_request(Visitor&& member, State& x) {
  member(x.columns);
  member(x.counts);
  member(x.files);
  member(x.closed);
  member(x.closed_at);
  member(x.head_sha);
  member(x.commit_url_base);
  member(x.files_sha);
  member(x.merged);
  member(x.reopened_at_stamp);
  member(x.open);
  member(x.visible);
  member(x.history);
}

template <class Visitor, class State>
void visit_pipeline(Visitor&& member, State& x) {
  member(x.columns);
  member(x.commit_sha);
  member(x.fields);
  member(x.builds);
  member(x.visible);
  member(x.history);
}

/// Reads what `read` reads into a fresh state, so that damaged text leaves `out` as it was.
template <class State, class Read>
void decode_into(State& out, std::string_view facts, char kind, Read read) {
  auto fresh = State{};
  fresh.exists = true;
  if (!facts.empty()) {
    auto in = facts_reader{facts, kind};
    read(in, fresh);
    in.end();
  }
  out = std::move(fresh);
}

constexpr char repository_kind = 'r', pull_request_kind = 'p', pipeline_kind = 'b', commit_kind = 'c';

} // namespace

std::string encode(const repository_state& x) {
  auto out = facts_writer{repository_kind, 160};
  visit_repository([&](const auto& member) { out.put(member); }, x);
  return out.take();
}

std::string encode(const pull_request_state& x) {
  auto out = facts_writer{pull_request_kind, 512 + 64 * x.heads.size() + 160 * x.history.size()};
  visit_pull_request([&](const auto& member) { out.put(member); }, x);
  out.put(x.heads.size());
  for (const auto& [at, sha] : x.heads) {
    out.put(at);
    out.put(sha);
  }
  return out.take();
}

std::string encode(const pipeline_state& x) {
  auto out = facts_writer{pipeline_kind, 256 + 100 * x.builds.size() + 160 * x.history.size()};
  visit_pipeline([&](const auto& member) { out.put(member); }, x);
  return out.take();
}

std::string encode(const commit_state& x) {
  auto out = facts_writer{commit_kind, 64 + 160 * x.builds.size()};
  out.put(x.pull_requests.size());
  for (const auto number : x.pull_requests)
    out.put(number);
  out.put(x.builds);
  return out.take();
}

void decode(std::string_view facts, repository_state& out) {
  const auto row_version = out.version;
  decode_into(out, facts, repository_kind, [](auto& in, auto& x) { visit_repository([&](auto& member) { in.get(member); }, x); });
  out.version = row_version;
}

void decode(std::string_view facts, pull_request_state& out) {
  decode_into(out, facts, pull_request_kind, [](auto& in, auto& x) {
    visit_pull_request([&](auto& member) { in.get(member); }, x);
    for (auto left = in.count(); left > 0; --left) {
      auto& [at, sha] = x.heads.emplace_back();
      in.get(at);
      in.get(sha);
    }
  });
}

void decode(std::string_view facts, pipeline_state& out) {
  decode_into(out, facts, pipeline_kind, [](auto& in, auto& x) { visit_pipeline([&](auto& member) { in.get(member); }, x); });
}

void decode(std::string_view facts, commit_state& out) {
  decode_into(out, facts, commit_kind, [](auto& in, auto& x) {
    for (auto left = in.count(); left > 0; --left)
      in.get(x.pull_requests.emplace_back());
    in.get(x.builds);
  });
}

} // namespace ingot::github
