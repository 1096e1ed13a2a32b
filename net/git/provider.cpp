#include "net/git/provider.hpp"

#include "net/git/cache.hpp"
#include "net/git/fetching.hpp"
#include "net/git/reading.hpp"
#include "telemetry/log.hpp"

#include <utility>

namespace ingot::git {

namespace {

using contents::object_id;
using contents::observation;
using contents::provider_error;
using contents::trouble;
using std::chrono::milliseconds;

constexpr auto cache_patience = milliseconds{60'000};     ///< for another sync of the same remote
constexpr auto fetch_time_max = std::chrono::minutes{60}; ///< of one fetch
constexpr auto list_time_max = std::chrono::minutes{2};   ///< of a look at the references

bool is_url(const std::string& text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

/// One remote during one sync.
class git_remote_of_one final : public contents::remote {
  /// Passes on what a sync can decide by; libgit2's own errors are the clone's or the path's.
  template <class Work>
  auto guarded(Work work) {
    try {
      return work();
    } catch (const library_error& e) {
      log::warn("git failed", {{"reason", e.what()}});
      source_.reset();
      if (lease_)
        lease_->discard(); // what is damaged is fetched anew
      throw provider_error{trouble::transient, "git cannot read the repository; the log says why"};
    }
  }

public:
  git_remote_of_one(contents::place where, const settings& config, cache& clones)
      : where_{std::move(where)}, clones_{clones}, local_paths_{config.contents.git_local_paths} {
    rules_.private_addresses = config.contents.private_addresses;
    cost_.plan = "git";
  }

  observation observe(const contents::known_state& known) override {
    return guarded([&] { return is_url(where_.url) ? observe_http(known) : observe_path(known); });
  }

  contents::revision resolve(const object_id& commit, const object_id& tree_if_known) override {
    return guarded([&]() -> contents::revision {
      const auto tree = source_with(commit).tree_of(commit).value();
      if (tree_if_known && tree != tree_if_known)
        throw provider_error{trouble::permanent, "commit " + commit.hex() + " has another tree"};
      return {commit, tree, where_.branch};
    });
  }

  void list(const contents::revision& at, const entry_sink& into) override {
    guarded([&] { source_with(at.commit).list(at.tree, into); });
  }

  std::vector<unavailable> fetch(const contents::revision& at, std::span<const contents::wanted_blob> wanted, std::uint64_t,
                                 contents::blob_sink& into) override {
    return guarded([&] {
      auto out = std::vector<unavailable>{};
      const auto& from = source_with(at.commit);
      for (const auto& x : wanted)
        if (auto why = from.give(x, into))
          out.push_back({x, std::move(*why)});
      return out;
    });
  }

  std::vector<unavailable_object> fetch_lfs(std::span<const contents::lfs_pointer> wanted, contents::lfs_sink&) override {
    auto out = std::vector<unavailable_object>{};
    for (const auto& x : wanted)
      out.push_back({x, "the provider git asks no LFS server"});
    return out;
  }

  void mark_synced(const contents::revision&) override {
    source_.reset();
    if (lease_)
      clones_.trim(*lease_);
    lease_.reset();
  }

  const contents::sync_cost& cost() const override { return cost_; }

private:
  reading open_path() const {
    if (!local_paths_)
      throw provider_error{trouble::permanent, "paths of this machine are not allowed as remotes (contents.git_local_paths)"};
    constexpr std::string_view scheme = "file://";
    const auto path = where_.url.starts_with(scheme) ? where_.url.substr(scheme.size()) : where_.url;
    if (!path.starts_with('/'))
      throw provider_error{trouble::permanent, "a git remote is http://…, https://… or an absolute path"};
    try {
      return reading{path};
    } catch (const library_error& e) {
      if (e.code() == GIT_ENOTFOUND)
        throw provider_error{trouble::gone, "there is no git repository at its path"};
      throw;
    }
  }

  const reading& source() {
    if (!source_)
      source_ = is_url(where_.url) ? reading{leased().path().string()} : open_path();
    return *source_;
  }

  cache::lease& leased() {
    if (!lease_) {
      lease_ = clones_.take(where_.url, cache_patience);
      lease_->freshen();
    }
    return *lease_;
  }

  /// What has `commit`: a clone that has it not, or is not there, is fetched.
  const reading& source_with(const object_id& commit) {
    if (!is_url(where_.url) || std::filesystem::exists(leased().path() / "HEAD"))
      if (source().tree_of(commit))
        return source();
    if (is_url(where_.url))
      fetch_head();
    if (!source().tree_of(commit)) // history was rewritten meanwhile: the next attempt asks where the branch is
      throw provider_error{trouble::transient, "the remote has commit " + commit.hex() + " no more"};
    return source();
  }

  observation observe_path(const contents::known_state& known) {
    auto from = open_path();
    const auto branch = where_.branch.empty() ? from.default_branch() : std::optional{where_.branch};
    const auto at = branch ? from.head_of(reference_of(*branch)) : std::nullopt;
    auto out = seen({branch, at, !at && !from.has_branches()}, known);
    if (out.state == observation::head::moved)
      out.at.tree = from.tree_of(out.at.commit).value();
    source_ = std::move(from);
    return out;
  }

  observation observe_http(const contents::known_state& known) {
    rules_.end = std::chrono::steady_clock::now() + list_time_max;
    fetching connection{where_.url, nullptr, rules_};
    auto out = seen(connection.head(where_.branch), known);
    cost_.bytes += connection.end();
    return out;
  }

  /// Brings the clone to where the branch is now.
  void fetch_head() {
    source_.reset();
    rules_.end = std::chrono::steady_clock::now() + fetch_time_max;
    repository clone;
    check(git_repository_init(clone.out(), leased().path().c_str(), 1), "making a clone");
    fetching connection{where_.url, clone.get(), rules_};
    const auto found = connection.head(where_.branch);
    if (found.at)
      connection.fetch(*found.branch);
    cost_.bytes += connection.end();
  }

  observation seen(const remote_head& x, const contents::known_state& known) const {
    auto out = observation{};
    if (x.branch && where_.branch.empty())
      out.what = contents::description{0, where_.owner, where_.name, *x.branch, false, false};
    if (!x.at) {
      out.state = x.empty ? observation::head::empty : observation::head::absent;
      return out;
    }
    out.at = {*x.at, {}, *x.branch};
    if (known.synced && known.synced->commit == *x.at && known.synced->branch == *x.branch)
      out.at = *known.synced;
    else
      out.state = observation::head::moved;
    return out;
  }

  contents::place where_;
  cache& clones_;
  bool local_paths_;
  traffic_rules rules_;
  contents::sync_cost cost_;
  std::unique_ptr<cache::lease> lease_;
  std::optional<reading> source_;
};

class provider_of_git final : public contents::provider {
public:
  explicit provider_of_git(const settings& config) : config_{config}, clones_{config.data_dir / "git"} { prepare_library(); }

  std::unique_ptr<contents::remote> open(const contents::place& where, contents::urgency) override {
    return std::make_unique<git_remote_of_one>(where, config_, clones_);
  }

private:
  settings config_;
  cache clones_;
};

} // namespace

std::shared_ptr<contents::provider> git_provider(const settings& config) {
  return std::make_shared<provider_of_git>(config);
}

} // namespace ingot::git
