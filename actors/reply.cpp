#include "actors/protocol.hpp"

namespace ingot {

reply::~reply() {
  (*this)(receipt{delivery_outcome::failed,
                  {fault::lost, "the part of the node that held this delivery restarted before it was kept; send it again", {}}});
}

void reply::operator()(receipt x) {
  if (!done_.exchange(true, std::memory_order_acq_rel))
    deliver_(std::move(x));
}

job_reply::~job_reply() {
  (*this)(job_failed_for_now{"its handler fell"});
}

void job_reply::operator()(job_outcome x) {
  if (!done_.exchange(true, std::memory_order_acq_rel))
    deliver_(std::move(x));
}

permit_reply::~permit_reply() {
  (*this)({std::nullopt, {}, true});
}

void permit_reply::operator()(permit_answer x) {
  if (!done_.exchange(true, std::memory_order_acq_rel))
    deliver_(std::move(x));
}

} // namespace ingot
