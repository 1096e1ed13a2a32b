#pragma once

#include "model/contents/tree_entry.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// The contract of ingestion: what a provider of repositories must do, so that their contents can be kept. Items are files;
/// an item's version is its blob's id.
namespace ingot::contents {

/// What became of a request to a provider, as the one who must decide what to do next needs it.
enum class trouble : std::uint8_t {
  transient,    ///< no answer, 5xx, a cut: try again with a pause
  rate_limited, ///< not before `retry_at`
  gone,         ///< no such repository, or none that the credential may see; taken down
  forbidden,    ///< the credential is refused, or may not do this
  permanent,    ///< an answer that will be the same however often it is asked
};

std::string_view to_string(trouble x) noexcept;

/// A provider did not do what it was asked. The text names no secret (law 9).
class provider_error : public std::runtime_error {
public:
  provider_error(trouble kind, const std::string& what, std::optional<timestamp> retry_at = {})
      : std::runtime_error{what}, kind_{kind}, retry_at_{retry_at} {}
  trouble kind() const noexcept { return kind_; }
  std::optional<timestamp> retry_at() const noexcept { return retry_at_; } ///< of rate_limited

private:
  trouble kind_;
  std::optional<timestamp> retry_at_;
};

/// Which repository, as we know it.
struct place {
  std::string provider;           ///< `github`, `git`
  std::string owner;              ///< of github; empty for git
  std::string name;               ///< of github; for git the last part of its URL
  std::string url;                ///< of git: https, http, or a local path where that is allowed
  std::int64_t external_id = 0;   ///< GitHub's numeric id, which outlives renames; 0: not known yet
  std::string branch;             ///< that is followed; empty: the default branch
  std::int64_t credential_id = 0; ///< 0: the node's own, or none
};

/// What the provider says of it now.
struct description {
  std::int64_t external_id = 0;
  std::string owner, name, default_branch;
  bool is_private = false, archived = false;
};

/// A state of a branch.
struct revision {
  object_id commit, tree;
  std::string branch;

  friend bool operator==(const revision&, const revision&) = default;
};

/// What we have of a repository already.
struct known_state {
  std::optional<revision> synced;
  std::string etag; ///< as observe() gave it the last time
};

/// How a branch stands.
struct observation {
  enum class head : std::uint8_t {
    unchanged, ///< as it was synced
    moved,     ///< `at` is new; where its tree is zeros, resolve() finds it
    empty,     ///< the repository has no commit
    absent,    ///< it has no such branch
  };
  head state = head::unchanged;
  revision at;                     ///< of unchanged and moved
  std::string etag;                ///< to be given at the next time
  std::optional<description> what; ///< when the provider was asked for it
};

/// A blob that is asked for.
struct wanted_blob {
  object_id id;
  std::uint64_t size = 0;
  std::string path; ///< one of those where it stands
};

/// Takes blobs as they come. What it is given is checked: bytes that make another id are dropped.
class blob_sink {
public:
  virtual ~blob_sink() = default;

  /// Begins with a blob of `size` bytes, which is expected to be `x`.
  virtual void begin(const wanted_blob& x, std::uint64_t size) = 0;
  virtual void write(std::string_view bytes) = 0;
  /// @returns whether it was that blob, and is kept
  virtual bool end() = 0;
  /// Gives up the blob that was begun.
  virtual void abandon() noexcept = 0;
};

/// What a sync has cost.
struct sync_cost {
  std::uint64_t requests = 0;     ///< answered by the provider's API, those that cost nothing too
  std::uint64_t not_modified = 0; ///< of them: 304
  std::uint64_t points = 0;       ///< of GraphQL
  std::uint64_t bytes = 0;        ///< that came, as they came over the network
  std::string plan;               ///< how, in the order of its steps: `tree`, `tarball`, `graphql`, `blobs`, `git`
};

/// One repository of a provider during one sync. Calls block, and throw provider_error. One thread at a time.
class remote {
public:
  virtual ~remote() = default;

  /// Has changed? Costs no quota when nothing did.
  virtual observation observe(const known_state& known) = 0;

  /// What is at `commit`, whose tree may be known: no request when it is.
  virtual revision resolve(const object_id& commit, const object_id& tree_if_known) = 0;

  /// Lists items: every file of `at`, in the order of paths by their bytes, as git has them; nothing but folders is left out.
  using entry_sink = std::function<void(tree_entry&&)>;
  virtual void list(const revision& at, const entry_sink& into) = 0;

  /// Fetches content: gives `into` every blob that it can get of those that are wanted, in any order, each once. @param total of
  /// all files of `at`, in bytes: what an archive of it would hold
  /// @returns what could not be had, with the reason
  struct unavailable {
    wanted_blob what;
    std::string reason;
  };
  virtual std::vector<unavailable> fetch(const revision& at, std::span<const wanted_blob> wanted, std::uint64_t total,
                                         blob_sink& into) = 0;

  /// Marks as synced: told once `at` is stored, so that what was kept to get there can go.
  virtual void mark_synced(const revision& at) = 0;

  virtual const sync_cost& cost() const = 0;
};

/// How a repository stands, as far as a look at many together tells.
struct glimpse {
  description what;
  object_id head;     ///< of the branch that is followed; zeros: it has none
  std::string branch; ///< its name
};

/// What a look at many repositories came to.
struct glimpses {
  std::vector<std::optional<glimpse>> found; ///< in the order of the places; nothing: it must be asked for alone
  sync_cost cost;
};

/// How urgent a sync is; also in whose favour GitHub's budget is shared out.
enum class urgency : std::uint8_t { webhook, manual, fallback, nightly };
inline constexpr std::size_t urgencies = 4;

std::string_view to_string(urgency x) noexcept;

/// A provider of repositories. Thread-safe.
class provider {
public:
  virtual ~provider() = default;

  /// Makes no request yet.
  virtual std::unique_ptr<remote> open(const place& where, urgency how) = 0;

  /// How many places glance() takes at a time; 0: it has no such look, and each is to be asked for alone.
  virtual std::size_t glance_max() const { return 0; }

  /// Looks at many repositories together, all of one credential: cheaper than one request each. Blocks, throws provider_error.
  /// @pre there are at most glance_max()
  virtual glimpses glance(std::span<const place> places, urgency) {
    return {std::vector<std::optional<glimpse>>(places.size()), {}};
  }
};

} // namespace ingot::contents
