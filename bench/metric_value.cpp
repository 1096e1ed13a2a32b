#include "bench/metric_value.hpp"

#include "tests/support/http_client.hpp"

namespace ingot::bench {

double metric_value(std::uint16_t port, const std::string& name) {
  const auto text = testing::http_client{port}.get("/metrics").body;
  const auto line = '\n' + name + ' ';
  const auto at = text.find(line);
  return at == std::string::npos ? 0 : std::stod(text.substr(at + line.size()));
}

} // namespace ingot::bench
