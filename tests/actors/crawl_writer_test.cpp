#include "actors/crawl_writer.hpp"

#include "tests/actors/fixture.hpp"

using namespace ingot;
using namespace ingot::test;

namespace {

/// A store without a database: notes what is committed, and refuses, is away or finds sources busy as a test says.
struct fake_crawl_state {
  std::vector<std::string> commits; ///< the titles of one transaction
  std::vector<std::string> busy;    ///< sources
  std::size_t opened = 0;
  int away = 0; ///< commits that find the database away, from now on
  bool after_commit = false;
};

class fake_crawl_store final : public storage::crawl_store {
public:
  explicit fake_crawl_store(fake_crawl_state& state) : state_{state} { ++state_.opened; }

  void commit(std::span<storage::crawl_request* const> requests) override {
    if (state_.away > 0) {
      --state_.away;
      throw storage::store_error{storage::sql_remedy::reconnect, "gone"};
    }
    auto titles = std::string{};
    for (auto* x : requests) {
      const auto is_busy = std::find(state_.busy.begin(), state_.busy.end(), x->source_id) != state_.busy.end();
      x->verdict = is_busy ? storage::crawl_verdict::busy : storage::crawl_verdict::taken;
      for (const auto& item : x->items) {
        if (item.title == "poison")
          throw storage::store_error{storage::sql_remedy::refused, "poison"};
        if (!is_busy)
          titles += (titles.empty() ? "" : " ") + item.title;
      }
      x->counts.created = x->items.size();
    }
    state_.commits.push_back(titles);
  }

  std::string refusal_of(const storage::crawl_request&, std::span<const crawl::item> items) override {
    return std::any_of(items.begin(), items.end(), [](const auto& x) { return x.title == "poison"; }) ? "poison" : "";
  }

  bool commit_was_sent() const noexcept override { return state_.after_commit; }

private:
  fake_crawl_state& state_;
};

struct crawl_fixture : actor_fixture {
  fake_crawl_state state;
  crawl_writer_actor writer;

  crawl_fixture() {
    context->open_crawl_store = [this] { return std::make_unique<fake_crawl_store>(state); };
    writer = sys.spawn(crawl_writer, context);
  }
  ~crawl_fixture() { end(writer); }

  /// Items that are counted as `outcome`.
  double counted(const std::string& outcome) {
    for (const auto& x : counters.live().intake_items)
      if (x.labels == std::vector<std::string>{"crawl", outcome})
        return x.value;
    return 0;
  }

  /// One request with an item of each title.
  void send(const std::string& source, const std::vector<std::string>& titles) {
    auto x = std::make_shared<crawl_in_hand>();
    x->body = R"({"sourceId":")" + source + R"(","items":[)";
    for (auto i = std::size_t{0}; i < titles.size(); ++i)
      x->body += (i > 0 ? "," : "") + std::string{R"({"externalId":")"} + std::to_string(i) +
                 R"(","url":"http://e.org","title":")" + titles[i] + "\"}";
    x->body += "]}";
    x->answer = [this, source](const crawl_in_hand& end, const failure& why) {
      answered.push_back(source + ' ' +
                         (why.code == fault::none ? std::to_string(end.counts.created) + "+" + std::to_string(end.rejected)
                                                  : std::string{to_string(why.code)}));
    };
    self->send(writer, commit_atom_v, x);
  }
};

} // namespace

TEST_CASE_METHOD(crawl_fixture, "crawl requests that have arrived are one transaction") {
  send("a", {"1", "2"});
  send("b", {"3"});
  settle();
  CHECK(state.commits == std::vector<std::string>{"1 2 3"});
  CHECK(answered == answers{"a 2+0", "b 1+0"});
  CHECK(state.opened == 1);
}

TEST_CASE_METHOD(crawl_fixture,
                 "law 6: a refused crawl item is found by halves and named, and the others of its batch are stored") {
  send("a", {"1", "2"});
  send("b", {"3", "poison", "4"});
  send("c", {"5"});
  send("d", {"poison"});
  settle();
  CHECK(answered == answers{"a 2+0", "b 2+1", "c 1+0", "d refused_by_database"});
  CHECK(counted("created") == 5);
  CHECK(counted("failed") == 2); // an operator's matter, unlike
  CHECK(counted("rejected") == 0);
  send("a", {"6", ""});
  settle();
  CHECK(answered.back() == "a 1+1");
  CHECK(counted("failed") == 2);
  CHECK(counted("rejected") == 1);
}

TEST_CASE_METHOD(crawl_fixture, "law 3: a busy source is tried again, in the order of its requests, and keeps no other waiting") {
  state.busy = {"a"};
  send("a", {"1"});
  send("b", {"2"});
  settle();
  CHECK(answered == answers{"b 1+0"});
  send("a", {"3"});
  settle();
  CHECK(answered == answers{"b 1+0"});
  state.busy.clear();
  advance(std::chrono::milliseconds{5});
  CHECK(answered == answers{"b 1+0", "a 1+0", "a 1+0"});
  CHECK(state.commits.back() == "1 3");
}

TEST_CASE_METHOD(crawl_fixture, "law 10: a source that stays busy is answered 503 after a while") {
  state.busy = {"a"};
  send("a", {"1"});
  settle();
  for (auto i = 0; i < 1'100 && answered.empty(); ++i)
    advance(std::chrono::milliseconds{5});
  CHECK(answered == answers{"a storage_unavailable"});
}

TEST_CASE_METHOD(crawl_fixture, "a connection that died while idle is made anew once, and a database that is away is told of") {
  send("a", {"1"});
  settle();
  state.away = 1;
  send("a", {"2"});
  settle();
  CHECK(answered == answers{"a 1+0", "a 1+0"});
  CHECK(state.opened == 2);
  state.away = 2;
  send("a", {"3"});
  settle();
  CHECK(answered.back() == "a storage_unavailable");
  CHECK(counted("failed") == 1);
  send("a", {"4"});
  settle();
  CHECK(answered.back() == "a 1+0");
  CHECK(counted("failed") == 1);
}

TEST_CASE_METHOD(crawl_fixture, "a COMMIT whose outcome nobody knows is not tried again, since the counts would be another's") {
  send("a", {"1"});
  settle();
  state.away = 1;
  state.after_commit = true;
  send("a", {"2"});
  settle();
  CHECK(answered.back() == "a storage_unavailable");
  CHECK(state.commits.size() == 1);
}

TEST_CASE_METHOD(crawl_fixture, "a body that is none is refused without the database") {
  send("a", {});
  settle();
  CHECK(answered == answers{"a invalid_fields"});
  CHECK(state.opened == 0);
  CHECK(counted("failed") == 0);
}
