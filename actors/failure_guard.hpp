#pragma once

#include "telemetry/log.hpp"

#include <caf/all.hpp>

#include <exception>

namespace ingot {

/// An exception ends the actor that threw, with a line in the log; its supervisor starts it anew. Nothing else of the node is
/// touched.
template <class Pointer>
void guard_against_exceptions(Pointer self) {
  self->set_exception_handler([self](std::exception_ptr& thrown) -> caf::error {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      log::error("actor failed", {{"actor", self->name()}, {"reason", std::string_view{e.what()}}});
      return caf::make_error(caf::sec::runtime_error, std::string{e.what()});
    } catch (...) {
      log::error("actor failed", {{"actor", self->name()}, {"reason", std::string_view{"unknown exception"}}});
      return caf::make_error(caf::sec::runtime_error, "unknown exception");
    }
  });
}

} // namespace ingot
