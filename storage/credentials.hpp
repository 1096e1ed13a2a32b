#pragma once

#include "config/master_keys.hpp"
#include "model/github/api/credential.hpp"
#include "model/time.hpp"
#include "storage/audit_log.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Credentials of providers. A secret is sealed with a data key of its row's own (AES-256-GCM), bound to the row, and that key
/// with the master key: a rotation of the master key touches data keys only. All of these block, and throw refused_change when it
/// cannot be done, else what libpqxx throws; what changes something by hand writes its audit line in the same transaction. No
/// secret is in any of their texts (law 9).
namespace ingot::storage {

/// A credential to be kept.
struct new_credential {
  std::string user_id; ///< whose; empty: the node's
  github::credential_kind kind = github::credential_kind::personal;
  std::string account;              ///< login of whom it stands for; may be empty
  std::int64_t installation_id = 0; ///< of an installation
  std::string access_token;         ///< of user and personal
  std::string refresh_token;        ///< of user
  std::optional<timestamp> expires_at, refresh_expires_at;
};

enum class credential_state : std::uint8_t {
  live,
  suspended, ///< its installation is
  refused,   ///< GitHub refuses it for good
  deleted,
};

std::string_view to_string(credential_state x) noexcept;

/// What may be shown of one.
struct credential_record {
  std::int64_t id = 0;
  std::string user_id;
  github::credential_kind kind = github::credential_kind::personal;
  std::string account;
  std::optional<std::int64_t> installation_id;
  std::optional<timestamp> expires_at, refresh_expires_at;
  credential_state state = credential_state::live;
  std::string state_reason; ///< of suspended and refused
  std::string key_id;       ///< of the master key that its data key is sealed with; empty: it has no secret
  std::int64_t version = 0;
  timestamp created_at{}, updated_at{};
};

/// What put_credential() did.
struct kept_credential {
  std::int64_t id = 0;
  bool added = false; ///< else the user's credential of that kind and account has this secret now, and is live again
};

/// Keeps a credential: a user has one of a kind and account. Refuses tokens that are empty or no printable ASCII, and an
/// installation without its number (missing_field).
kept_credential put_credential(connection& db, const master_keys& keys, const new_credential& x, const operator_action& by);

/// Up to `limit` that are not deleted, whose ids come after `after`, by id. @param user_id only this one's; nothing: all
std::vector<credential_record> list_credentials(connection& db, const std::optional<std::string>& user_id, std::int64_t after,
                                                unsigned limit);

/// Nothing when it never was, or is deleted.
std::optional<credential_record> find_credential(connection& db, std::int64_t id);

/// Its secret is removed at once; the row stays for those that name it. Refuses when there is none (not_found).
void delete_credential(connection& db, std::int64_t id, const operator_action& by);

/// A credential as the row has it: what is sealed stays so.
struct sealed_credential {
  github::credential known; ///< without its tokens
  credential_state state = credential_state::live;
  std::string state_reason;
  std::optional<std::string> data_key, secret; ///< both, or neither
};

/// Nothing when there never was one of that id, or it is deleted.
std::optional<sealed_credential> load_credential(connection& db, std::int64_t id);

/// Throws unsealable: which of tampering and a missing key it was, and of which column, stands in its text.
github::credential open_credential(const sealed_credential& x, const master_keys& keys);

/// Keeps refreshed tokens if the row's version is still `x.version`; it is one more then. The data key stays. @returns whether it
/// was. Throws unsealable.
bool save_credential(connection& db, const master_keys& keys, const github::credential& x);

/// Marks it as refused for good, with the reason.
void refuse_credential(connection& db, std::int64_t id, const std::string& reason);

/// What its columns are sealed for: `provider_credentials/7/data_key`, `provider_credentials/7/secret`.
std::string data_key_place(std::int64_t credential_id);
std::string credential_secret_place(std::int64_t credential_id);

} // namespace ingot::storage
