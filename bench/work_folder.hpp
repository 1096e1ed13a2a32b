#pragma once

#include <filesystem>
#include <string>

namespace ingot::bench {

/// A folder that the database's user can enter too, removed at the end unless it is to be kept.
class work_folder {
public:
  /// @param at empty: a new one below the system's temporary folder
  work_folder(std::filesystem::path at, bool keep);
  ~work_folder();
  work_folder(const work_folder&) = delete;
  work_folder& operator=(const work_folder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return at_ / name; }

private:
  std::filesystem::path at_;
  bool keep_;
};

} // namespace ingot::bench
