#include "commands/doctor.hpp"

#include <filesystem>

namespace ingot::commands {

namespace fs = std::filesystem;

findings examine_spool(const settings& of) {
  std::error_code error;
  findings out;
  auto damaged = std::size_t{0};
  for (const auto& entry : fs::directory_iterator(of.data_dir, error))
    damaged += entry.path().filename().string().starts_with("spool.sqlite.damaged-") ? 1 : 0;
  if (damaged > 0)
    out.push_back({"spool", verdict::warn, std::to_string(damaged) + " damaged spool files were set aside",
                   "what could be read was carried over; the log of that time says what could not. Look at the disk, keep a copy "
                   "elsewhere, "
                   "then delete " +
                       (of.data_dir / "spool.sqlite.damaged-*").string()});
  auto bytes = std::uintmax_t{0};
  for (const auto* end : {"", "-wal"})
    if (const auto size = fs::file_size(of.data_dir / (std::string{"spool.sqlite"} + end), error); !error)
      bytes += size;
  const auto found = std::to_string(bytes / (1024 * 1024)) + " MiB on disk, of " +
                     std::to_string(of.spool.bytes_max / (1024 * 1024)) + " MiB that it may keep";
  if (bytes > of.spool.bytes_max / 2)
    out.push_back({"spool", verdict::warn, found, "deliveries wait for the database: bring it back; the spool drains by itself"});
  if (out.empty())
    out.push_back({"spool", verdict::ok, found, ""});
  return out;
}

} // namespace ingot::commands
