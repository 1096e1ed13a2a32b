#include "telemetry/process_usage.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace ingot::telemetry {

namespace {

double resident_bytes() {
  std::ifstream in{"/proc/self/statm"};
  double total = 0;
  double resident = 0;
  in >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr)
    return 0;
  double count = -1; // the folder's own
  while (const auto* entry = ::readdir(folder))
    count += entry->d_name[0] != '.';
  ::closedir(folder);
  return count;
}

/// proc(5): boot time, and field 22 of stat in clock ticks after it.
double started_at() {
  double boot = 0;
  std::ifstream kernel{"/proc/stat"};
  for (std::string line; std::getline(kernel, line);) {
    if (line.starts_with("btime "))
      boot = std::stod(line.substr(6));
  }
  std::ifstream own{"/proc/self/stat"};
  std::string line;
  std::getline(own, line);
  auto name_end = line.rfind(')'); // the name may hold spaces
  if (name_end == std::string::npos)
    return 0;
  std::istringstream fields{line.substr(name_end + 1)};
  std::string skipped;
  for (int i = 3; i < 22; ++i)
    fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  return boot + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double seconds_of(const timeval& x) {
  return static_cast<double>(x.tv_sec) + static_cast<double>(x.tv_usec) / 1e6;
}

} // namespace

process_usage read_process_usage() {
  process_usage out;
  out.resident_bytes = resident_bytes();
  out.open_descriptors = open_descriptors();
  static const double start = started_at();
  out.started_at_seconds = start;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    out.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    out.resident_peak_bytes = static_cast<double>(usage.ru_maxrss) * 1024;
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    out.descriptors_max = static_cast<double>(limit.rlim_cur);
  return out;
}

} // namespace ingot::telemetry
