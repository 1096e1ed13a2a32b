#include "model/mcp/submission.hpp"

#include "model/email_address.hpp"
#include "model/mcp/judged_manifest.hpp"
#include "model/mcp/manifest_validator.hpp"
#include "model/mcp/new_submission.hpp"
#include "tests/support/catch.hpp"

#include <map>
#include <set>
#include <tuple>

using namespace ingot;
using namespace ingot::mcp;

namespace {

/// Written down a second time, as the documentation has it: state, action, role, and the state after it.
std::map<std::tuple<std::string, std::string, std::string>, std::string> expected_transitions() {
  auto out = std::map<std::tuple<std::string, std::string, std::string>, std::string>{};
  const auto add = [&](const char* from, const char* action, const char* to, std::initializer_list<const char*> roles) {
    for (const auto* role : roles)
      out[{from, action, role}] = to;
  };
  add("unconfirmed", "confirm", "submitted", {"submitter"});
  add("submitted", "revise", "submitted", {"submitter"});
  add("changes_requested", "revise", "submitted", {"submitter"});
  for (const auto* from : {"unconfirmed", "submitted", "under_review", "changes_requested"})
    add(from, "withdraw", "withdrawn", {"submitter"});
  add("submitted", "claim", "under_review", {"reviewer", "admin"});
  add("under_review", "release", "submitted", {"reviewer", "admin"});
  add("under_review", "approve", "approved", {"reviewer", "admin"});
  add("under_review", "reject", "rejected", {"reviewer", "admin"});
  add("under_review", "request_changes", "changes_requested", {"reviewer", "admin"});
  return out;
}

template <class Result>
std::string fault_of(const Result& x) {
  const auto* why = std::get_if<failure>(&x);
  if (why == nullptr)
    return "none";
  return std::string{to_string(why->code)} + (why->details.empty() ? "" : " " + why->details.front().pointer);
}

} // namespace

TEST_CASE("every transition of a submission is allowed or refused as the table says, from every state, for every role") {
  const auto expected = expected_transitions();
  auto allowed = std::size_t{0};
  for (auto s = std::size_t{0}; s < submission_states; ++s)
    for (auto a = std::size_t{0}; a < submission_actions; ++a)
      for (auto r = std::size_t{0}; r < submission_roles; ++r) {
        const auto state = static_cast<submission_state>(s);
        const auto action = static_cast<submission_action>(a);
        const auto role = static_cast<submission_role>(r);
        auto becomes = state;
        const auto refused = judge_step({state, "reviewer grace"}, {action, role, "reviewer grace", "because"}, becomes);
        const auto found =
            expected.find({std::string{to_string(state)}, std::string{to_string(action)}, std::string{to_string(role)}});
        INFO(to_string(state) << ' ' << to_string(action) << ' ' << to_string(role));
        if (found != expected.end()) {
          ++allowed;
          CHECK_FALSE(refused);
          CHECK(to_string(becomes) == found->second);
          continue;
        }
        REQUIRE(refused);
        CHECK(becomes == state);
        auto ever = false; // allowed to this role in some state?
        for (const auto& [key, to] : expected)
          ever = ever || (std::get<1>(key) == to_string(action) && std::get<2>(key) == to_string(role));
        CHECK(refused->code == (ever ? fault::conflict : fault::forbidden));
      }
  CHECK(allowed == expected.size());
}

TEST_CASE("what is over stays over, and every state can be reached") {
  auto reached = std::set<submission_state>{submission_state::unconfirmed};
  for (const auto& x : submission_transitions) {
    CHECK(x.from != submission_state::approved);
    CHECK(x.from != submission_state::rejected);
    CHECK(x.from != submission_state::withdrawn);
    reached.insert(x.to);
  }
  CHECK(reached.size() == submission_states);
  for (auto i = std::size_t{0}; i < submission_states; ++i)
    CHECK(parse_submission_state(to_string(static_cast<submission_state>(i))) == static_cast<submission_state>(i));
  CHECK_FALSE(parse_submission_state("gone"));
}

TEST_CASE("a reviewer decides on what is claimed by nobody else, an admin on any, and who refuses says why") {
  const auto claimed = submission_standing{submission_state::under_review, "reviewer ada"};
  auto becomes = submission_state::submitted;
  const auto judge = [&](submission_action action, submission_role role, const char* actor, const std::string& reason = "") {
    const auto why = judge_step(claimed, {action, role, actor, reason}, becomes);
    return why ? why->code : fault::none;
  };
  CHECK(judge(submission_action::approve, submission_role::reviewer, "reviewer grace") == fault::conflict);
  CHECK(judge(submission_action::release, submission_role::reviewer, "reviewer grace") == fault::conflict);
  CHECK(judge(submission_action::approve, submission_role::reviewer, "reviewer ada") == fault::none);
  CHECK(judge(submission_action::approve, submission_role::admin, "admin") == fault::none);
  for (const auto action : {submission_action::reject, submission_action::request_changes}) {
    CHECK(judge(action, submission_role::reviewer, "reviewer ada") == fault::missing_field);
    CHECK(judge(action, submission_role::reviewer, "reviewer ada", " \n") == fault::missing_field);
    CHECK(judge(action, submission_role::reviewer, "reviewer ada", std::string(submission_reason_bytes_max + 1, 'x')) ==
          fault::missing_field);
    CHECK(judge(action, submission_role::reviewer, "reviewer ada", "it does not start") == fault::none);
  }
}

TEST_CASE("a submission names a repository, a manifest or both") {
  const auto read = [](const char* body) { return parse_new_submission(body); };
  const auto both = read(R"({"repository":"https://GitHub.com/Ada/Hello.World.git","manifest":{"name":"io.github.ada/x"},
                             "email":"ada.l+mcp@Example.ORG","note":"hello"})");
  REQUIRE(fault_of(both) == "none");
  const auto& x = std::get<new_submission>(both);
  CHECK(x.repository == repository_page{"github.com", "Ada", "Hello.World"});
  CHECK(x.repository->key() == "github.com/ada/hello.world");
  CHECK(x.repository->url() == "https://github.com/Ada/Hello.World");
  CHECK(x.manifest == R"({"name":"io.github.ada/x"})");
  CHECK(x.email == "ada.l+mcp@example.org");
  CHECK(x.note == "hello");

  // A text is kept as its author wrote it.
  CHECK(std::get<new_submission>(read(R"({"manifest":"{\n  \"name\": 1\n}"})")).manifest == "{\n  \"name\": 1\n}");
  CHECK(fault_of(read(R"({"manifest":"no JSON is judged later"})")) == "none");

  CHECK(fault_of(read("{}")) == "invalid_fields ");
  CHECK(fault_of(read("[]")).starts_with("malformed_body"));
  CHECK(fault_of(read(R"({"manifest":7})")) == "invalid_fields /manifest");
  CHECK(fault_of(read(R"({"manifest":""})")) == "invalid_fields /manifest");
  CHECK(fault_of(read(R"({"manifest":{},"email":"ada@example.org\r\nBcc: all@example.org"})")) == "invalid_fields /email");
  CHECK(fault_of(read(R"({"manifest":{},"state":"approved"})")) == "invalid_fields /state");
  CHECK(fault_of(read(R"({"manifest":{},"note":"\u0000"})")).starts_with("unstorable_text"));
  CHECK(fault_of(parse_new_submission("{\"manifest\":\"" + std::string(submission_manifest_bytes_max + 1, 'x') + "\"}")) ==
        "invalid_fields /manifest");
  for (const auto* url :
       {"http://github.com/a/b", "https://github.com/a", "https://github.com/a/b/c", "https://github.com//b",
        "https://u:p@github.com/a/b", "https://github.com:8443/a/b", "https://github.com/a/..", "https://localhost/a/b",
        "https://github.com/a/b?c", "git@github.com:a/b", "https://github.com/a/b#c", "https://github.com/a/.git"})
    CHECK_FALSE(parse_repository_page(url));
  CHECK(parse_repository_page("https://www.github.com/a/b/")->key() == "github.com/a/b");
}

TEST_CASE("a change of a submission and a decision on it are read, and what is wrong is named") {
  const auto change = parse_submission_change(R"({"note":""})");
  REQUIRE(fault_of(change) == "none");
  CHECK(std::get<submission_change>(change).note == "");
  CHECK_FALSE(std::get<submission_change>(change).manifest);
  CHECK(fault_of(parse_submission_change(R"({"email":"a@b.c"})")) == "invalid_fields /email");
  CHECK(std::get<review_decision>(parse_review_decision(R"({"version":3,"reason":"no"})")).reason == "no");
  CHECK(fault_of(parse_review_decision(R"({"reason":"no"})")) == "invalid_fields /version");
  CHECK(fault_of(parse_review_decision(R"({"version":"3"})")) == "invalid_fields /version");
  CHECK(fault_of(parse_review_decision(R"({"version":3,"force":true})")) == "invalid_fields /force");
}

TEST_CASE("an e-mail address is one mailbox in its plain form") {
  CHECK(parse_email_address("Ada.Lovelace+x@Sub.Example.org") == "Ada.Lovelace+x@sub.example.org");
  CHECK(parse_email_address("a@b.co") == "a@b.co");
  CHECK(email_address_key("Ada.Lovelace+x@Sub.Example.org") == "ada.lovelace+x@sub.example.org");
  for (const auto& wrong : {std::string{},
                            std::string{"ada"},
                            std::string{"@example.org"},
                            std::string{"ada@"},
                            std::string{"ada@localhost"},
                            std::string{"a..b@example.org"},
                            std::string{".a@example.org"},
                            std::string{"a.@example.org"},
                            std::string{"a b@example.org"},
                            std::string{"\"a b\"@example.org"},
                            std::string{"a@b@example.org"},
                            std::string{"a@[127.0.0.1]"},
                            std::string{"a@-b.org"},
                            std::string{"a@b-.org"},
                            std::string{"a@b..org"},
                            std::string{"a@example.org\n"},
                            std::string{"a\r\nb@example.org"},
                            std::string{"Ada <a@example.org>"},
                            std::string{"a,b@example.org"},
                            std::string{"ä@example.org"},
                            std::string(65, 'a') + "@example.org",
                            "a@" + std::string(64, 'b') + ".org",
                            "a@" + std::string(260, 'b') + ".org"})
    CHECK_FALSE(parse_email_address(wrong));
}

TEST_CASE("a change of a submission that changes nothing is refused") {
  const auto refused = parse_submission_change("{}");
  REQUIRE(std::holds_alternative<failure>(refused));
  CHECK(std::get<failure>(refused).code == fault::missing_field);
}

TEST_CASE("a name of GitHub's namespace without a repository is a problem of its submission") {
  const auto by = manifest_validator{};
  const auto manifest = [](const std::string& name) {
    return R"({"$schema":"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json","name":")" + name +
           R"(","description":"x","version":"1.0.0"})";
  };
  CHECK(judge_submitted_manifest(by, manifest("com.example/a"), {}).valid);
  CHECK(judge_submitted_manifest(by, manifest("io.github.ada/a"), parse_repository_page("https://github.com/ada/a")).valid);
  for (const auto* name : {"io.github.ada/a", "IO.GitHub.ada/a"}) {
    const auto judged = judge_submitted_manifest(by, manifest(name), {});
    CHECK_FALSE(judged.valid);
    auto report = manifest_report{};
    REQUIRE(from_json(judged.report, report));
    CHECK(report.problems.front().pointer == "/name");
  }
}

TEST_CASE("two texts of a manifest are compared by what they say") {
  CHECK(is_same_manifest(R"({"a": 1})", "{\r\n\"a\":1}\n"));
  CHECK_FALSE(is_same_manifest(R"({"a": 1})", R"({"a": 2})"));
  CHECK_FALSE(is_same_manifest("oops", "oops"));
}
