#pragma once

namespace ingot::telemetry {

/// What the kernel counts for this process. A value that cannot be read is 0.
struct process_usage {
  double resident_bytes = 0;
  double resident_peak_bytes = 0;
  double cpu_seconds = 0; ///< user and system
  double open_descriptors = 0;
  double descriptors_max = 0;
  double started_at_seconds = 0; ///< since 1970
};

process_usage read_process_usage();

} // namespace ingot::telemetry
