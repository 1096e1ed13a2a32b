#include "bench/work_folder.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace ingot::bench {

namespace fs = std::filesystem;

work_folder::work_folder(fs::path at, bool keep) : at_{std::move(at)}, keep_{keep} {
  if (at_.empty()) {
    auto name = (fs::temp_directory_path() / "ingot-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("cannot make " + name);
    at_ = name;
  }
  fs::create_directories(at_);
  fs::permissions(at_, fs::perms::owner_all | fs::perms::others_exec | fs::perms::others_read | fs::perms::group_exec |
                           fs::perms::group_read);
}

work_folder::~work_folder() {
  std::error_code ignored;
  if (!keep_)
    fs::remove_all(at_, ignored);
  else
    std::fprintf(stderr, "bench: data folders left in %s\n", at_.c_str());
}

} // namespace ingot::bench
