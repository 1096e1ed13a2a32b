#pragma once

#include <cstdint>
#include <string>

namespace ingot::bench {

/// The value of a metric without labels at 127.0.0.1:port, 0 when it is not there. Throws http_error when nobody answers.
double metric_value(std::uint16_t port, const std::string& name);

} // namespace ingot::bench
