#include "tests/end_to_end/contents_world.hpp"

#include "storage/blob_files.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/payloads.hpp"

#include <stdexcept>

namespace ingot::testing {

namespace {

std::map<std::string, std::string> with_usual(std::map<std::string, std::string> over, const github_standin& standin) {
  const std::map<std::string, std::string> usual{{"INGOT_GITHUB_API_URL", standin.api_url()},
                                                 {"INGOT_GITHUB_API_WEB_URL", standin.web_url()},
                                                 {"INGOT_GITHUB_API_TIMEOUT_MS", "3000"},
                                                 {"INGOT_GITHUB_API_POINTS_PER_MINUTE", "2000"},
                                                 {"GITHUB_TOKEN", std::string{contents_token}},
                                                 {"INGOT_CONTENTS_FALLBACK_INTERVAL_MS", "0"},
                                                 {"INGOT_CONTENTS_PRIVATE_ADDRESSES", "true"},
                                                 {"INGOT_JOBS_POLL_INTERVAL_MS", "100"},
                                                 {"INGOT_JOBS_LEASE_MS", "2000"},
                                                 {"INGOT_JOBS_CONTENT_SYNC_ATTEMPTS_MAX", "1000"},
                                                 {"INGOT_JOBS_CONTENT_SYNC_BACKOFF_BASE_MS", "20"},
                                                 {"INGOT_JOBS_CONTENT_SYNC_BACKOFF_CAP_MS", "200"}};
  over.insert(usual.begin(), usual.end());
  return over;
}

std::vector<header> admin_headers() {
  return {{"Authorization", "Bearer " + std::string{admin_token}}, {"Content-Type", "application/json"}};
}

std::string read_whole(contents::blob_store& store, const std::string& key) {
  const auto from = store.read(key);
  if (!from)
    return "(there is no such object)";
  std::string out;
  for (auto piece = from->read(1'000'000); !piece.empty(); piece = from->read(1'000'000))
    out += piece;
  return out;
}

std::string octal(std::int64_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%06llo", static_cast<unsigned long long>(mode));
  return text;
}

} // namespace

contents_world::contents_world(std::map<std::string, std::string> environment)
    : running{{.environment = with_usual(std::move(environment), standin), .start = false}} {
  standin.add_token(std::string{contents_token}, {.login = "operator", .user_id = 1});
  budget_rules rules;
  rules.core = rules.graphql = 1'000'000;
  rules.points_per_minute = rules.graphql_points_per_minute = 2'000;
  standin.set_budget(rules);
  running.start();
}

sql& contents_world::db() {
  if (!db_)
    db_ = std::make_unique<sql>(running.database_url());
  try {
    db_->number("SELECT 1");
  } catch (const std::exception&) {
    db_ = std::make_unique<sql>(running.database_url()); // the node, and its database with it, was started anew
  }
  return *db_;
}

followed contents_world::host(const std::string& name) {
  followed out;
  out.repository = std::make_shared<bare_repository>(folder.path() / (name + ".git"));
  out.owner = "octo";
  out.name = name;
  hosted_repository hosted;
  hosted.owner = out.owner;
  hosted.name = name;
  hosted.path = out.repository->path();
  out.github_id = standin.add(hosted);
  return out;
}

void contents_world::follow(followed& x) {
  const auto body = R"({"provider":"github","owner":")" + x.owner + R"(","name":")" + x.name + R"("})";
  const auto answer = running.client().request("POST", "/api/v1/repositories", admin_headers(), body);
  if (answer.status != 201)
    throw std::runtime_error{"following answered " + std::to_string(answer.status) + ": " + answer.body};
  x.id = db().number("SELECT max(id) FROM provider_repositories");
}

followed contents_world::follow_new(const std::string& name, const std::vector<file_edit>& files) {
  auto out = host(name);
  out.repository->commit(files);
  follow(out);
  if (!synced(out))
    throw std::runtime_error{"the first sync did not end\n" + running.log()};
  return out;
}

void contents_world::push(const followed& x, const std::string& before, const std::string& branch) {
  const auto after = x.repository->head(branch).value_or("");
  auto tree = after.empty() ? std::string{} : x.repository->git({"rev-parse", after + "^{tree}"});
  if (!tree.empty())
    tree.pop_back();
  const auto payload = push_of(x.github_id, x.owner + '/' + x.name, branch, before, after, tree);
  const auto id = new_delivery_id();
  const auto taken = eventually([&] {
    try {
      auto client = running.client();
      return deliver(client, "push", id, std::string_view{payload}).status == 200;
    } catch (const http_error&) {
      return false; // it is down: GitHub, or somebody there, sends it again
    }
  });
  if (!taken)
    throw std::runtime_error{"a push was not taken\n" + running.log()};
}

void contents_world::ask(const followed& x, bool full) {
  const auto target = "/api/v1/repositories/" + std::to_string(x.id) + "/sync";
  const auto answer = running.client().request("POST", target, admin_headers(), full ? R"({"full":true})" : "{}");
  if (answer.status != 202)
    throw std::runtime_error{"asking for a sync answered " + std::to_string(answer.status) + ": " + answer.body};
}

bool contents_world::synced(const followed& x, const std::string& branch, std::chrono::seconds patience) {
  const auto id = std::to_string(x.id);
  return eventually(
      [&] {
        const auto head = x.repository->head(branch).value_or("");
        const auto at =
            db().rows("SELECT coalesce(last_commit_sha, ''), complete::text FROM provider_repositories WHERE id = " + id);
        const auto busy = db().number("SELECT count(*) FROM jobs WHERE kind IN ('content_sync', 'content_check') "
                                      "AND state IN ('pending', 'running')");
        return busy == 0 && at.size() == 1 && at[0][0] == head && at[0][1] == "true";
      },
      patience);
}

void contents_world::check_equal(const followed& x, const std::string& branch) {
  const auto head = x.repository->head(branch);
  std::map<std::string, git_file> expected, stored;
  if (head)
    expected = x.repository->files(*head);
  std::map<std::string, std::string> keys;
  for (const auto& row :
       db().rows("SELECT f.path, f.mode::text, f.sha, f.size::text, coalesce(f.skipped, ''), coalesce(b.key, '') "
                 "FROM repository_files f LEFT JOIN content_blobs b ON b.sha = f.sha WHERE repository_id = " +
                 std::to_string(x.id))) {
    stored[*row[0]] = {octal(std::stoll(*row[1])), *row[2], std::stoull(*row[3])};
    INFO(*row[0]);
    CHECK(*row[4] == (stored[*row[0]].mode == "160000" ? "submodule" : ""));
    if (row[4]->empty())
      keys[*row[2]] = *row[5];
  }
  CHECK(stored == expected);
  std::vector<std::string> ids;
  for (const auto& [id, key] : keys)
    ids.push_back(id);
  const auto store = storage::open_blob_files(running.data_dir() / "blobs", 3);
  auto different = std::vector<std::string>{};
  const auto git_has = x.repository->contents(ids);
  for (const auto& [id, key] : keys)
    if (read_whole(*store, key) != git_has.at(id))
      different.push_back(id);
  CHECK(different == std::vector<std::string>{});
}

std::set<std::string> contents_world::known_blobs() {
  std::set<std::string> out;
  for (const auto& row : db().rows("SELECT sha FROM content_blobs"))
    out.insert(*row[0]);
  return out;
}

} // namespace ingot::testing
