#include "config/master_keys.hpp"
#include "config/secrets.hpp"
#include "tests/config/scratch_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/has_text.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <thread>

using namespace ingot;

namespace {

int mode_of(const std::filesystem::path& file) {
  struct stat about {};
  return ::stat(file.c_str(), &about) == 0 ? static_cast<int>(about.st_mode & 07777) : -1;
}

settings wanting_secrets() {
  settings out;
  out.generate_webhook_secret = true;
  return out;
}

} // namespace

TEST_CASE("law 9: generated secrets are kept with mode 0600, whatever the umask, and read at later starts") {
  scratch_folder folder;
  auto data = folder.path() / "data";
  auto before = ::umask(0);
  auto first = wanting_secrets();
  auto made = ensure_secrets(first, data);
  ::umask(before);
  CHECK(made.webhook);
  CHECK(made.admin);
  CHECK(mode_of(data / webhook_secret_file) == 0600);
  CHECK(mode_of(data / admin_token_file) == 0600);
  CHECK(mode_of(data / master_key_file) == 0600);
  REQUIRE(first.github.size() == 1);
  CHECK(first.github[0].secret.size() == 64);
  CHECK(first.admin_token.starts_with("ingot_admin_"));

  auto second = wanting_secrets();
  auto again = ensure_secrets(second, data);
  CHECK_FALSE(again.webhook);
  CHECK_FALSE(again.admin);
  CHECK(second.github[0].secret == first.github[0].secret);
  CHECK(second.admin_token == first.admin_token);
  CHECK(second.master_key == first.master_key);
  CHECK(std::distance(std::filesystem::directory_iterator{data}, {}) == 3);
}

TEST_CASE("no webhook secret is made unless asked for, or when one is configured") {
  scratch_folder folder;
  settings plain;
  CHECK_FALSE(ensure_secrets(plain, folder.path()).webhook);
  CHECK(plain.github.empty());

  auto configured = wanting_secrets();
  configured.github.push_back({"org", "of the file", ""});
  CHECK_FALSE(ensure_secrets(configured, folder.path()).webhook);
  CHECK(configured.github.size() == 1);
}

TEST_CASE("configured secrets win over the kept ones, which stay") {
  scratch_folder folder;
  auto first = wanting_secrets();
  ensure_secrets(first, folder.path());
  auto second = wanting_secrets();
  second.admin_token = "of the environment";
  second.github.push_back({"default", "of the environment", ""});
  ensure_secrets(second, folder.path());
  CHECK(second.admin_token == "of the environment");
  CHECK(second.github[0].secret == "of the environment");
  settings third;
  read_kept_secrets(third, folder.path());
  CHECK(third.admin_token == first.admin_token);
}

TEST_CASE("a secret file that others could read is closed to them") {
  scratch_folder folder;
  auto file = folder.write(std::string{admin_token_file}, "kept-token\n");
  ::chmod(file.c_str(), 0644);
  settings x;
  read_kept_secrets(x, folder.path());
  CHECK(x.admin_token == "kept-token");
  CHECK(mode_of(file) == 0600);
}

TEST_CASE("an empty secret file is a clear error and not an empty secret") {
  scratch_folder folder;
  folder.write(std::string{admin_token_file}, "\n");
  settings x;
  CHECK_THROWS_AS(ensure_secrets(x, folder.path()), std::runtime_error);
}

TEST_CASE("a data folder that cannot be made is a clear error") {
  scratch_folder folder;
  auto file = folder.write("file", "");
  settings x;
  CHECK_THROWS_AS(ensure_secrets(x, file), std::runtime_error);
  CHECK_THROWS_AS(ensure_secrets(x, file / "below"), std::runtime_error);
}

TEST_CASE("nodes that start at once end with the same secret") {
  scratch_folder folder;
  std::vector<settings> nodes(8, wanting_secrets());
  std::vector<std::thread> threads;
  for (auto& node : nodes)
    threads.emplace_back([&] { ensure_secrets(node, folder.path()); });
  for (auto& thread : threads)
    thread.join();
  std::set<std::string> tokens;
  for (const auto& node : nodes)
    tokens.insert(node.admin_token + node.github.at(0).secret);
  CHECK(tokens.size() == 1);
}

TEST_CASE("law 9: passwords in connection strings are masked") {
  CHECK(mask_password("postgresql://u:pa@ss@host:5432/db") == "postgresql://u:***@host:5432/db");
  CHECK(mask_password("postgresql://u:pa/ss@host/db") == "postgresql://u:***@host/db");
  CHECK(mask_password("postgresql://u@host/db?password=pass&x=1") == "postgresql://u@host/db?password=***&x=1");
  CHECK(mask_password("host=h password=pass dbname=d") == "host=h password=*** dbname=d");
  CHECK(mask_password("host=h password='pa ss' dbname=d") == "host=h password='***' dbname=d");
  CHECK(mask_password("postgresql://host:5432/db") == "postgresql://host:5432/db");
  CHECK(mask_password("") == "");
}

TEST_CASE("law 9: all secrets of the settings are known to the log") {
  settings x;
  x.admin_token = "admin";
  x.github = {{"a", "one", "two"}, {"b", "three", ""}};
  x.database.url = "postgresql://u:pass@host/db";
  CHECK(secret_texts(x) == std::vector<std::string>{"admin", "one", "two", "three", "pass"});
}

TEST_CASE("the master key is made once, or configured, and seals what it opens") {
  scratch_folder folder;
  settings made;
  made.data_dir = folder.path();
  CHECK_THROWS_WITH(master_keys{made}, testing::has_text("INGOT_MASTER_KEY"));
  ensure_secrets(made, folder.path());
  settings later;
  later.data_dir = folder.path();
  read_kept_secrets(later, folder.path());
  const auto sealed = master_keys{made}.seal("hush", "site/7");
  CHECK(master_keys{later}.open(sealed, "site/7") == "hush");

  settings configured;
  configured.master_key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
  ensure_secrets(configured, folder.path());
  CHECK_THROWS_WITH(master_keys{configured}.open(sealed, "site/7"), testing::has_text("another master key"));
  folder.write(std::string{master_key_file}, "not a key\n");
  settings damaged;
  damaged.data_dir = folder.path();
  ensure_secrets(damaged, folder.path());
  CHECK_THROWS_WITH(master_keys{damaged}, testing::has_text("master.key"));
}

TEST_CASE("a node that runs follows the rotation of a master key in its data folder") {
  scratch_folder folder;
  settings node;
  node.data_dir = folder.path();
  ensure_secrets(node, folder.path());
  const auto before = master_keys{node}.seal("hush", "site/7");
  const auto old_id = master_keys{node}.current_id();
  CHECK(begin_master_key_rotation(node));
  const auto keys = master_keys{node}; // its settings are those of its start
  CHECK(keys.current_id() != old_id);
  CHECK(keys.knows(old_id));
  CHECK(keys.open(before, "site/7") == "hush");
  CHECK(keys.open(keys.seal("more", "site/8"), "site/8") == "more");
  CHECK_FALSE(begin_master_key_rotation(node)); // one at a time
  CHECK(master_keys{node}.current_id() == keys.current_id());

  settings restarted;
  restarted.data_dir = folder.path();
  ensure_secrets(restarted, folder.path());
  CHECK(drop_previous_master_key(restarted));
  CHECK_FALSE(drop_previous_master_key(restarted));
  CHECK_FALSE(master_keys{restarted}.knows(old_id));
  try {
    master_keys{restarted}.open(before, "site/7");
    FAIL("the old key is gone");
  } catch (const unsealable& e) {
    CHECK(e.why() == seal_trouble::other_key);
    CHECK(std::string{e.what()}.find(old_id) != std::string::npos);
  }
}

TEST_CASE("a rotation that was cut between its two files goes on") {
  scratch_folder folder;
  settings node;
  node.data_dir = folder.path();
  ensure_secrets(node, folder.path());
  keep_secret_once(folder.path(), previous_master_key_file, node.master_key); // and then the machine fell
  CHECK(master_keys{node}.current_id() == master_keys{node}.current_id());
  CHECK(begin_master_key_rotation(node));
  CHECK(read_kept_secret(folder.path(), previous_master_key_file) == node.master_key);
  CHECK(read_kept_secret(folder.path(), master_key_file) != node.master_key);
}

TEST_CASE("law 9: the master key is among what the log hides") {
  settings x;
  x.master_key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
  const auto hidden = secret_texts(x);
  CHECK(std::find(hidden.begin(), hidden.end(), x.master_key) != hidden.end());
}
