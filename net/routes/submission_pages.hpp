#pragma once

#include "net/routes/table.hpp"

/// The pages that links of mails lead to. Looking at one changes nothing, since mail programs look at links before people do; its
/// button does.
namespace ingot::routes {

void show_confirmation(const services& what, http::request req, path_parameters, http::responder done);

/// The submission is its submitter's, who reads that address.
void confirm_submission(const services& what, http::request req, path_parameters, http::responder done);

void show_unsubscription(const services& what, http::request req, path_parameters, http::responder done);

/// No more mail to the address of that submission; also by one click in a mail program (RFC 8058).
void unsubscribe_from_mail(const services& what, http::request req, path_parameters, http::responder done);

} // namespace ingot::routes
