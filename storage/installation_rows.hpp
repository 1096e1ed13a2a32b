#pragma once

#include "model/github/installation_order.hpp"
#include "model/job.hpp"
#include "storage/connection.hpp"

#include <cstddef>

namespace ingot::storage {

/// May what comes to an installation be followed without anybody asking?
struct tracking_policy {
  bool all_new = false;          ///< for the users whose installation it is; for the node itself when there are none
  unsigned repositories_max = 0; ///< of one user
};

/// What an installation's news changed.
struct installation_effect {
  std::size_t credentials = 0, repositories = 0, followed = 0;
};

/// Lets credentials and followed repositories be as the installation is by now: live, suspended or deleted; repositories that it
/// lost are gone, those that it has again are active. The node itself gets a credential of every installation. One transaction
/// behind the job's fence; blocks; throws what libpqxx throws. The same again changes nothing.
installation_effect follow_installation(connection& db, const job_lease& lease, const github::installation_order& x,
                                        const tracking_policy& policy);

} // namespace ingot::storage
