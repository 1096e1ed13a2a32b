#include "net/git/library.hpp"

#include <mutex>

namespace ingot::git {

namespace {

constexpr std::ptrdiff_t cache_bytes_max = 16 * 1024 * 1024; ///< of parsed objects
constexpr std::size_t window_bytes = 4 * 1024 * 1024;        ///< of a pack that is mapped at a time
constexpr std::size_t mapped_bytes_max = 32 * 1024 * 1024;   ///< of all packs
constexpr std::size_t pack_objects_max = 50'000'000;         ///< a server may announce no more

} // namespace

void prepare_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    git_libgit2_init();
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, cache_bytes_max);
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, window_bytes);
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, mapped_bytes_max);
    git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, pack_objects_max);
    // Contents are hashed by whoever takes them.
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
    for (const auto level :
         {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_PROGRAMDATA})
      git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, ""); // no configuration of this machine's users counts
  });
}

void check(int result, const char* what) {
  if (result >= 0)
    return;
  const auto* error = git_error_last();
  throw library_error{result,
                      std::string{what} + ": " + (error != nullptr && error->message != nullptr ? error->message : "no reason")};
}

} // namespace ingot::git
