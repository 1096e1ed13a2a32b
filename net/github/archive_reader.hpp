#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ingot::github {

/// One file of an archive, while the archive passes.
struct archived_file {
  std::string path; ///< without the archive's own first folder
  std::uint64_t size = 0;
  std::string link_target; ///< of a symbolic link: its content as git has it; else empty
};

/// Reads a gzip-compressed tar as it comes and never holds more of it than a buffer. `produce` is called on a thread of its own
/// and gives the archive's bytes piece by piece; it waits while the reader is behind. For every file `wants` is asked; of those
/// that it wants, `bytes` gets the content in pieces and `done` its end, all on the calling thread. Throws what `produce` throws,
/// or contents::provider_error(transient) for an archive that is damaged or cut.
struct archive_sink {
  std::function<bool(const archived_file&)> wants;
  std::function<void(std::string_view)> bytes;
  std::function<void()> done;
};
void read_archive(const std::function<void(const std::function<void(std::string_view)>&)>& produce, const archive_sink& into);

} // namespace ingot::github
