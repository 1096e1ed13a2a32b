#include "actors/node.hpp"
#include "tests/actors/fixture.hpp"

#include <future>

using namespace ingot;
using namespace ingot::test;

namespace {

/// The whole set of actors on CAF's own scheduler: what falls is detached and has a thread.
struct node_fixture {
  struct config : caf::actor_system_config {
    config() {
      add_message_types<caf::id_block::ingot>();
      set("scheduler.policy", caf::atom("sharing"));
      set("scheduler.max-threads", std::size_t{1});
    }
  };

  telemetry::metrics counters{"test"};
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("ingot-node-" + std::to_string(::getpid()));
  std::shared_ptr<fake_store_state> store = std::make_shared<fake_store_state>();
  context_ptr context = std::make_shared<node_context>(settings{}, counters);
  config cfg;
  caf::actor_system sys{cfg};
  node_actor aut;

  node_fixture() {
    log::configure({"off", log_format::json});
    std::filesystem::create_directories(folder);
    context->now = [] { return timestamp{}; };
    context->open_store = [this] { return std::make_unique<fake_store>(store); };
    context->open_spool = [this] { return std::make_unique<storage::spool>(folder, context->config.spool); };
    context->probe = [] { return database_report{true, 1, ""}; };
    context->maintain = [](timestamp) { return false; };
    context->write_audit = [](const auto&, timestamp) {};
    aut = sys.spawn(node, context, true);
    wait_until([this] { return context->handles.load() != nullptr; });
  }

  ~node_fixture() {
    caf::anon_send(aut, stop_atom_v);
    aut = nullptr;
    sys.await_all_actors_done();
    std::filesystem::remove_all(folder);
  }

  /// Events of other threads: polled, bounded.
  template <class Condition>
  void wait_until(Condition holds) {
    for (auto i = 0; i < 10'000 && !holds(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    REQUIRE(holds());
  }

  /// The receipt of one push, sent to the handles of this moment.
  receipt deliver(const std::string& id) {
    auto got = std::promise<receipt>{};
    auto x = std::make_shared<delivery_in_hand>();
    x->kept.id = id;
    x->kept.repository_id = 5;
    x->event.repository.emplace().id = 5;
    x->event.fact = github::repository_event{};
    x->answer = std::make_shared<reply>([&](receipt with) { got.set_value(std::move(with)); });
    caf::anon_send(context->handles.load()->repositories, deliver_atom_v, std::vector<delivery_ptr>{std::move(x)});
    return got.get_future().get();
  }

  /// Ends a child as a fault would, and waits for the set of handles that follows.
  template <class Handle>
  void fell(const Handle& child) {
    const auto before = context->handles.load();
    caf::anon_send_exit(child, caf::exit_reason::kill);
    wait_until([&] { return context->handles.load() != before; });
  }
};

} // namespace

TEST_CASE_METHOD(node_fixture, "a writer that falls is started anew, and deliveries go on") {
  CHECK(deliver("a").why.code == fault::none);
  fell(context->handles.load()->writers.front());
  CHECK(deliver("b").why.code == fault::none);
}

TEST_CASE_METHOD(node_fixture, "a spool that falls is started anew together with the writers that counted on it") {
  const auto writer_before = context->handles.load()->writers.front();
  fell(context->handles.load()->spool);
  CHECK(context->handles.load()->writers.front() != writer_before);
  CHECK(deliver("a").why.code == fault::none);
  wait_until([this] { return context->database == database_state::direct; });
  CHECK(context->spool_depth == 0);
}

TEST_CASE_METHOD(node_fixture, "repositories, reader, auditor and metrics are started anew when they fall") {
  fell(context->handles.load()->repositories);
  CHECK(deliver("a").why.code == fault::none);
  fell(context->handles.load()->readers.back());
  fell(context->handles.load()->auditor);
  fell(context->handles.load()->metrics);
  CHECK(deliver("b").why.code == fault::none);
}

TEST_CASE_METHOD(node_fixture, "a node that stops leaves no sender without an answer") {
  auto got = std::promise<receipt>{};
  auto x = std::make_shared<delivery_in_hand>();
  x->kept.repository_id = 5;
  x->event.repository.emplace().id = 5;
  x->event.fact = github::repository_event{};
  x->answer = std::make_shared<reply>([&](receipt with) { got.set_value(std::move(with)); });
  const auto repositories = context->handles.load()->repositories;
  caf::anon_send(aut, stop_atom_v);
  caf::anon_send(repositories, deliver_atom_v, std::vector<delivery_ptr>{std::move(x)});
  got.get_future().get(); // stored or lost, but something
}
