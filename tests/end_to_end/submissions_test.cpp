#include "tests/support/catch.hpp"
#include "tests/support/command.hpp"
#include "tests/support/node.hpp"
#include "tests/support/sites.hpp"
#include "tests/support/smtp_server.hpp"
#include "tests/support/sql.hpp"

#include <algorithm>

using namespace ingot::testing;

namespace {

const std::vector<header> as_admin{{"Authorization", "Bearer " + std::string{admin_token}}};

std::string manifest_of(const std::string& name, const std::string& version = "1.0.0") {
  return R"({"$schema":"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json","name":")" + name +
         R"(","description":"Tells the weather","version":")" + version + R"("})";
}

/// The text of a mail without quoted-printable.
std::string decoded(std::string text) {
  for (const auto& [from, to] : {std::pair{"=\r\n", ""}, {"=3D", "="}})
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at))
      text.replace(at, std::string_view{from}.size(), to);
  return text;
}

/// The path of the first link in `text` that begins with `path`.
std::string link_in(const std::string& text, const std::string& path) {
  const auto from = text.find(path);
  return from == std::string::npos ? "" : text.substr(from, text.find_first_of("> \r\n", from) - from);
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct world {
  std::unique_ptr<smtp_server> mail = smtp_server::start();
  node running;
  http_client client = running.client();
  sql db{running.database_url()};

  world() : running{options()} {}

  node_options options() const {
    auto out = node_options{};
    out.toml = "[smtp]\nurl = \"" + (mail ? mail->url() : std::string{"smtp://localhost:1"}) +
               "\"\ntls = false\nfrom = \"ingot@example.org\"\n[submissions]\npublic_url = \"https://mcp.example.org\"\n"
               "requests_per_minute = 0\n[jobs]\npoll_interval_ms = 50\n[jobs.mail]\nbackoff_base_ms = 10\n";
    return out;
  }

  boost::json::object submit(const std::string& server, const std::string& email, int status = 201) {
    const auto got = client.request("POST", "/api/v1/submissions", {},
                                    R"({"manifest":)" + manifest_of(server) + R"(,"email":")" + email + R"("})");
    INFO(got.body);
    CHECK(got.status == status);
    return object_of(got);
  }

  http_answer review(std::int64_t id, const std::string& action, std::int64_t version, const std::string& reason = "x") {
    return client.request("POST", "/api/v1/admin/submissions/" + std::to_string(id) + "/" + action, as_admin,
                          R"({"version":)" + std::to_string(version) + R"(,"reason":")" + reason + R"("})");
  }

  /// The newest mail to that address whose text holds `part`, waited for.
  std::string mail_to(const std::string& address, const std::string& part) {
    auto out = std::string{};
    CHECK(eventually([&] {
      for (const auto& x : mail->mails())
        if (x.to == address && holds(decoded(x.message), part))
          out = decoded(x.message);
      return !out.empty();
    }));
    return out;
  }
};

} // namespace

TEST_CASE("a submission by e-mail is confirmed, reviewed, changed and listed, and its submitter is written to") {
  auto x = world{};
  if (!x.mail)
    return;
  const auto address = std::string{"defer-1@example.org"}; // the first attempt is refused for now
  const auto made = x.submit("com.example/weather", address);
  const auto id = made.at("id").as_int64();
  const auto own = "/api/v1/submissions/" + std::to_string(id) + "?token=" + std::string{made.at("token").as_string()};
  const auto state = [&] { return std::string{object_of(x.client.get(own)).at("state").as_string()}; };
  CHECK(state() == "unconfirmed");
  CHECK(x.client.get("/api/v1/submissions/" + std::to_string(id)).status == 404);
  CHECK(x.client.get("/api/v1/submissions/" + std::to_string(id) + "?token=" + std::string(64, 'a')).status == 404);

  const auto first = x.mail_to(address, "/submissions/confirm");
  CHECK(x.db.number("SELECT attempts FROM jobs WHERE kind = 'submission_mail'") == 2);
  CHECK(holds(x.db.text("SELECT history::text FROM jobs WHERE kind = 'submission_mail'"), "451 4.3.0 come again later"));
  CHECK(holds(first, "List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
  const auto confirm = link_in(first, "/submissions/confirm");
  CHECK(x.client.get(confirm.substr(0, confirm.size() - 1)).status == 403);
  const auto page = x.client.request("GET", confirm, {{"Sec-Fetch-Site", "cross-site"}});
  CHECK(page.status == 200);
  CHECK(holds(page.body, "<button>"));
  CHECK(holds(page["content-security-policy"], "default-src 'none'"));
  CHECK(state() == "unconfirmed"); // looking changes nothing
  CHECK(x.client.request("POST", confirm, {{"Origin", "https://mcp.example.org"}}).status == 200);
  CHECK(state() == "submitted");
  x.submit("com.example/weather", "eve@example.org", 409);

  CHECK(x.client.get("/api/v1/admin/submissions").status == 401);
  const auto queue = object_of(x.client.request("GET", "/api/v1/admin/submissions?state=submitted", as_admin));
  CHECK(queue.at("submissions").as_array().size() == 1);
  CHECK(x.review(id, "approve", 2).status == 409); // nobody has claimed it
  CHECK(x.review(id, "claim", 2).status == 200);
  CHECK(x.review(id, "claim", 2).status == 409);
  CHECK(x.review(id, "request-changes", 3, "").status == 400);
  CHECK(x.review(id, "request-changes", 3, "a newer version, please").status == 200);
  CHECK(holds(x.mail_to(address, "Please change"), "> a newer version, please"));
  const auto revised = x.client.request("PATCH", own, {}, R"({"manifest":)" + manifest_of("com.example/weather", "1.1.0") + "}");
  INFO(revised.body);
  CHECK(revised.status == 200);
  CHECK(x.review(id, "claim", 5).status == 200);

  // One click in the mail program ends all mail.
  const auto unsubscribe = link_in(first, "/mail/unsubscribe");
  CHECK(x.client.request("POST", unsubscribe, {}, "List-Unsubscribe=One-Click").status == 200);
  const auto approved = x.review(id, "approve", 6);
  INFO(approved.body);
  CHECK(approved.status == 200);
  CHECK(state() == "approved");
  CHECK(holds(x.client.get(own).body, R"("by":"reviewer")"));
  CHECK(x.client.get("/api/v1/servers/com.example%2Fweather").status == 200);
  CHECK(eventually([&] {
    return x.db.number(
               "SELECT count(*) FROM jobs WHERE kind = 'submission_mail' AND result ->> 'skipped' LIKE '%wants no mail%'") > 0;
  }));
  x.submit("com.example/weather", "eve@example.org", 409); // it is listed

  // Nobody else's name, and no empty change.
  const auto stolen = x.submit("io.github.ada/stolen", "eve@example.org");
  CHECK_FALSE(stolen.at("valid").as_bool());
  CHECK_FALSE(stolen.at("verified").as_bool());
  CHECK(stolen.at("history").as_array().size() == 1);
  const auto of_eve = "/api/v1/submissions/" + std::to_string(stolen.at("id").as_int64()) +
                      "?token=" + std::string{stolen.at("token").as_string()};
  CHECK(x.client.request("PATCH", of_eve, {}, "{}").status == 400);

  // Who has no token, and asks, is in the audit log.
  CHECK(eventually([&] {
    return x.db.number("SELECT count(*) FROM audit_log WHERE action = 'request refused' AND subject = "
                       "'/api/v1/submissions/{submission_id}'") > 0;
  }));

  // A mailbox that is not there is a failed job with the server's answer.
  x.submit("com.example/another", "refuse@example.org");
  CHECK(eventually([&] {
    return x.db.number(
               "SELECT count(*) FROM jobs WHERE state = 'failed' AND last_error LIKE '%550 5.1.1 no such mailbox here%'") == 1;
  }));

  // All of it is in the audit log, which is exported whole.
  const auto lines = x.client.request("GET", "/api/v1/admin/audit/export?subject=submission%20" + std::to_string(id), as_admin);
  CHECK(lines.status == 200);
  CHECK(std::count(lines.body.begin(), lines.body.end(), '\n') == 7);
  auto again = x.running.client();
  const auto csv = again.request("GET", "/api/v1/admin/audit/export?format=csv&action=submission%20approve", as_admin);
  CHECK(csv.body.starts_with("id,at,actor,"));
  CHECK(holds(csv.body, "\"submission approve\""));

  // A line that somebody puts in for a time long ago is sealed as any other, and found all the same.
  const auto verify = [&] { return run_ingot({"audit", "verify"}, {{"DATABASE_URL", x.running.database_url()}}); };
  CHECK(verify().exit_code == 0);
  x.db.run("INSERT INTO audit_log (at, actor, action) VALUES (now() - interval '2 hours', 'admin', 'put in later')");
  CHECK(eventually(
      [&] { return x.db.number("SELECT count(*) FROM audit_log WHERE action = 'put in later' AND seq IS NOT NULL") == 1; }));
  const auto damaged = verify();
  CHECK(damaged.exit_code == 1);
  CHECK(holds(damaged.output, "inserted later"));
}

TEST_CASE("a submission by a user's key is seen with that user's keys alone, and an address has so many requests of a minute") {
  node running;
  auto client = running.client();
  const auto key_of = [&](const std::string& user) {
    const auto made = client.request("POST", "/api/v1/admin/users/" + user + "/keys", as_admin, R"({"name":"laptop"})");
    REQUIRE(made.status == 201);
    return object_of(made);
  };
  const auto with = [](const boost::json::object& key) {
    return std::vector<header>{{"Authorization", "Bearer " + std::string{key.at("key").as_string()}}};
  };
  const auto ada = key_of("ada"), grace = key_of("grace");
  auto asked = 0;
  const auto ask = [&](const char* method, const std::string& path, const std::vector<header>& headers,
                       const std::string& body = {}) {
    ++asked;
    return client.request(method, path, headers, body).status;
  };
  const auto wish = R"({"manifest":)" + manifest_of("org.example/weather") + "}";
  CHECK(ask("POST", "/api/v1/submissions", {}, wish) == 401); // neither key nor address
  CHECK(ask("POST", "/api/v1/submissions", with(ada), wish) == 201);
  CHECK(ask("POST", "/api/v1/submissions", with(grace), wish) == 409); // it waits already
  const auto own = std::string{"/api/v1/submissions/1"};
  CHECK(ask("GET", own, with(ada)) == 200);
  CHECK(ask("GET", own, with(grace)) == 404);
  CHECK(ask("GET", own, {}) == 404);
  CHECK(ask("POST", own + "/withdraw", with(grace)) == 404);
  const auto id = std::to_string(ada.at("keyId").as_int64());
  CHECK(client.request("DELETE", "/api/v1/admin/users/ada/keys/" + id, as_admin).status == 200);
  CHECK(ask("GET", own, with(ada)) == 401);

  while (asked < 10) // submissions.requests_per_minute
    CHECK(ask("GET", own, {}) == 404);
  const auto refused = client.get(own);
  CHECK(refused.status == 429);
  CHECK_FALSE(refused["retry-after"].empty());
  CHECK(client.request("GET", "/api/v1/admin/submissions/1", as_admin).status == 200); // reviewers are not held up
}
