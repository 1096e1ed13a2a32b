#pragma once

#include "model/contents/tree_entry.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ingot::contents {

/// Computes the id of a whole tree while its files pass, so that a listing is known to be complete and true: git's own format, a
/// tree object for each folder (`<mode> <name>\0<20 bytes>`, sorted). Its memory grows with the depth of the folders and the
/// number of entries in one, not with the number of files.
class tree_hash {
public:
  /// The next file, in the order of paths by their bytes (git's index has them so).
  /// @returns false when it is out of order, or no path that git would keep: the result means nothing then
  bool add(const tree_entry& x);

  /// The root's id; once, at the end.
  object_id finish();

private:
  struct folder {
    std::string name;
    std::string entries; ///< of its tree object so far
  };
  void close_folder();
  static void append(std::string& entries, std::string_view mode, std::string_view name, const object_id& id);

  std::vector<folder> open_ = {folder{}};
  std::string last_;
};

} // namespace ingot::contents
