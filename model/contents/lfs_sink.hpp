#pragma once

#include "model/contents/content_kind.hpp"

#include <string_view>

namespace ingot::contents {

/// Takes the objects that LFS pointers name. What it is given is checked by its SHA-256 and its size.
class lfs_sink {
public:
  virtual ~lfs_sink() = default;

  /// The provider grants `x` to whoever asks for the repository. @returns whether its bytes are wanted; one that is stored
  /// already is the repository's from now on, without them
  virtual bool granted(const lfs_pointer& x) = 0;

  /// Begins with the bytes of one that is wanted.
  virtual void begin(const lfs_pointer& x) = 0;
  virtual void write(std::string_view bytes) = 0;
  /// @returns whether it was that object, and is kept
  virtual bool end() = 0;
  /// Gives up the one that was begun.
  virtual void abandon() noexcept = 0;
};

} // namespace ingot::contents
