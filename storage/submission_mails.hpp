#pragma once

#include "storage/audit_log.hpp"
#include "storage/connection.hpp"

#include <string>

/// To whom may be written: tables `mail_opt_outs` and `mails_unasked`. An address counts whatever its case. They block, and throw
/// what libpqxx throws.
namespace ingot::storage {

/// Mails within a day (UTC) to one address that has not shown that it wants them: requests to confirm, and those about
/// submissions by a user's key, whose address nobody has confirmed.
inline constexpr int mails_unasked_max = 10;

/// Does this address want mail?
bool wants_mail(connection& db, const std::string& address);

/// It wants none any more. Twice is no error.
void opt_out_of_mail(connection& db, const std::string& address, const operator_action& by);

/// It wants mail again, since whoever reads it has confirmed a submission.
void opt_in_to_mail(pqxx::transaction_base& tx, const std::string& address, const operator_action& by);

/// Counts a mail to an address that has not asked for it. @returns may it be sent? Mails to one address take turns until the
/// transaction ends
bool count_unasked_mail(pqxx::transaction_base& tx, const std::string& address, timestamp now);

/// Forgets the counts of days that are over, a bounded number.
void forget_unasked_mails(pqxx::transaction_base& tx, timestamp now);

} // namespace ingot::storage
