#include "actors/credential_book.hpp"

#include "config/master_keys.hpp"
#include "storage/credentials.hpp"

#include <stdexcept>

namespace ingot {

namespace {

using contents::provider_error;
using contents::trouble;

/// Runs `work` on a connection of its own.
template <class Work>
auto with_database(const node_context& context, Work work) {
  try {
    const auto db = context.open_connection();
    return work(*db);
  } catch (const provider_error&) {
    throw;
  } catch (const unsealable& e) {
    throw provider_error{trouble::forbidden, std::string{"a credential cannot be opened: "} + e.what()};
  } catch (const std::exception& e) {
    throw provider_error{trouble::transient, "no credential can be read: " + storage::describe(e)};
  }
}

} // namespace

github::credential_book credentials_of(const node_context& context) {
  auto out = github::credential_book{};
  out.load = [&context](std::int64_t id) -> std::optional<github::credential> {
    return with_database(context, [&](storage::connection& db) -> std::optional<github::credential> {
      const auto found = storage::load_credential(db, id);
      if (!found)
        return std::nullopt;
      if (found->state != storage::credential_state::live)
        throw provider_error{trouble::forbidden, "credential " + std::to_string(id) + " is " +
                                                     std::string{storage::to_string(found->state)} + ": " + found->state_reason};
      return storage::open_credential(*found, master_keys{context.config});
    });
  };
  out.save = [&context](const github::credential& x) {
    return with_database(context,
                         [&](storage::connection& db) { return storage::save_credential(db, master_keys{context.config}, x); });
  };
  out.refuse = [&context](std::int64_t id, const std::string& reason) {
    with_database(context, [&](storage::connection& db) { storage::refuse_credential(db, id, reason); });
  };
  return out;
}

} // namespace ingot
