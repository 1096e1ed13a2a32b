#include "commands/node_database.hpp"

#include "config/secrets.hpp"
#include "storage/cluster.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace ingot::commands {

namespace fs = std::filesystem;

struct node_database::impl {
  settings of;
  std::string url;
  std::string lock_refusal; ///< empty: we have the lock, or need none
  // The lock outlives the cluster.
  std::optional<storage::data_lock> lock;
  std::optional<storage::embedded_cluster> cluster;
};

node_database::node_database(const settings& of, when_missing what) : impl_{std::make_unique<impl>()} {
  impl_->of = of;
  if (!of.database.url.empty()) {
    impl_->url = of.database.url;
    return;
  }
  std::error_code ignored;
  if (what == when_missing::refuse && !fs::exists(of.data_dir / "postgres", ignored))
    throw std::runtime_error{
        "there is no database in " + of.data_dir.string() +
        " yet: start the node once (ingot serve), or say where the data lies with INGOT_DATA_DIR or DATABASE_URL"};
  try {
    impl_->lock.emplace(of.data_dir);
  } catch (const std::runtime_error& e) {
    // A node has the folder, so its cluster runs; if not, connecting will tell.
    impl_->lock_refusal = e.what();
    impl_->url = storage::embedded_url(of.data_dir);
    return;
  }
  impl_->cluster.emplace(of.data_dir);
  impl_->url = impl_->cluster->url();
}

node_database::~node_database() = default;

const std::string& node_database::url() const noexcept {
  return impl_->url;
}

bool node_database::started() const noexcept {
  return impl_->cluster.has_value();
}

std::unique_ptr<storage::connection> node_database::connect() const {
  auto patient = impl_->of.database;
  patient.statement_timeout = std::max(patient.statement_timeout, milliseconds{30'000});
  patient.connect_timeout = std::max(patient.connect_timeout, milliseconds{5'000});
  try {
    return std::make_unique<storage::connection>(impl_->url, patient);
  } catch (const std::exception& e) {
    auto where = impl_->of.database.url.empty() ? "the embedded database in " + impl_->of.data_dir.string()
                                                : "the database " + mask_password(impl_->of.database.url);
    throw std::runtime_error{"cannot reach " + where + ": " + storage::describe(e) +
                             (impl_->lock_refusal.empty() ? "" : "; " + impl_->lock_refusal) +
                             ". `ingot doctor` looks for the cause"};
  }
}

} // namespace ingot::commands
