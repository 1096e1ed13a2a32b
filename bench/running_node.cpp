#include "bench/running_node.hpp"

#include "storage/cluster.hpp"

#include <fstream>

namespace ingot::bench {

namespace {

std::map<std::string, std::string> with_usual(std::uint16_t port, const std::filesystem::path& data_dir,
                                              std::map<std::string, std::string> more) {
  more.insert({{"PORT", std::to_string(port)},
               {"INGOT_LISTEN", "127.0.0.1"},
               {"INGOT_DATA_DIR", data_dir.string()},
               {"INGOT_CONFIG", ""},
               {"DATABASE_URL", ""},
               {"INGOT_ADMIN_TOKEN", admin_token},
               {"GITHUB_WEBHOOK_SECRET", webhook_secret}});
  return more;
}

} // namespace

running_node::running_node(const std::filesystem::path& binary, const std::filesystem::path& data_dir,
                           const std::map<std::string, std::string>& environment)
    : port_{free_port()}, data_dir_{data_dir}, begin_{std::chrono::steady_clock::now()}, process_{{binary.string(), "serve"},
                                                                                                  with_usual(port_, data_dir,
                                                                                                             environment),
                                                                                                  data_dir.string() + ".log"} {
  ready_seconds_ = wait_until_ready(process_, port_, "/ready", begin_, data_dir.string() + ".log");
}

watched running_node::watch() const {
  watched out;
  out.server = pid();
  out.database_url = storage::embedded_url(data_dir_);
  std::ifstream in{data_dir_ / "postgres/data/postmaster.pid"};
  in >> out.postmaster;
  return out;
}

} // namespace ingot::bench
