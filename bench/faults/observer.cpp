#include "bench/faults/observer.hpp"

#include "tests/support/sql.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>

namespace ingot::faults {

using std::chrono::milliseconds;

observer::observer(std::string database_url, const ledger& of, const followed_repositories* followed, findings& into)
    : url_{std::move(database_url)}, ledger_{of}, followed_{followed}, found_{into}, thread_{[this] { run(); }} {}

observer::~observer() {
  stopping_ = true;
  thread_.join();
  if (looks_ == 0) // a watch that saw nothing proves nothing
    found_.add(finding_kind::disagrees, "the observer could not look once: " + trouble_);
}

void observer::run() {
  auto db = std::optional<testing::sql>{};
  while (!stopping_) {
    try {
      if (!db)
        db.emplace(url_);
      look(*db);
      ++looks_;
    } catch (const std::logic_error& e) {
      found_.add(finding_kind::disagrees, std::string{"the observer saw what it does not understand: "} + e.what());
      return;
    } catch (const std::exception& e) {
      trouble_ = e.what();
      db.reset(); // the database restarts
    }
    std::this_thread::sleep_for(milliseconds{100});
  }
}

void observer::see(const std::string& what, std::int64_t step) {
  auto& before = latest_.try_emplace(what, step).first->second;
  if (step < before)
    found_.add(finding_kind::regressed, what + " went back from " + std::to_string(before) + " to " + std::to_string(step));
  before = step;
}

void observer::look(testing::sql& db) {
  auto ids = std::string{};
  for (const auto x : ledger_.recent(intake::github))
    ids += (ids.empty() ? "" : ",") + std::to_string(x);
  if (!ids.empty())
    for (const auto& row : db.rows("SELECT r.github_id, substr(p.description, 6) FROM repositories r JOIN pull_requests p "
                                   "ON p.repo_id = r.id WHERE r.github_id IN (" +
                                   ids + ")"))
      see("the pull request of repository " + *row[0], std::stoll(*row[1]));
  for (const auto& row : db.rows("SELECT site_id, substr(version, 5) FROM site_modules_current WHERE machine_name = 'moves'"))
    see("the inventory of site " + *row[0], std::stoll(*row[1]));
  for (const auto& row : db.rows("SELECT source_id || '/' || external_id, version FROM crawl_items"))
    see("the item " + *row[0], std::stoll(*row[1]));
  if (followed_ == nullptr)
    return;
  for (const auto& row : db.rows("SELECT substr(name, 2), last_commit_sha FROM provider_repositories WHERE last_commit_sha IS "
                                 "NOT NULL")) {
    const auto i = static_cast<std::size_t>(std::stoull(*row[0]));
    if (const auto place = followed_->place_of(i, *row[1]))
      see("the contents of repository f" + *row[0], static_cast<std::int64_t>(*place));
    else
      found_.add(finding_kind::regressed, "repository f" + *row[0] + " is at " + *row[1] + ", which is none of its commits");
  }
}

} // namespace ingot::faults
