#pragma once

#include "net/routes/key_cache.hpp"
#include "net/routes/table.hpp"
#include "storage/user_keys.hpp"

#include <string>
#include <vector>

/// The API keys of users who follow repositories, for operators. What changes something leaves an audit line.
namespace ingot::routes {

std::string to_json(const storage::user_key_record& x);
std::string to_json(const storage::new_user_key& x); ///< with the key itself

/// A page of them, asked with one item more than `limit`.
std::string page_json(const std::vector<storage::user_key_record>& keys, unsigned limit);

/// The answer is the one place where the key is shown.
void create_user_key(const services& what, http::request req, path_parameters user_id, http::responder done);
void list_user_keys(const services& what, http::request req, path_parameters user_id, http::responder done);
void revoke_user_key(const services& what, http::request req, path_parameters user_and_key, http::responder done);

} // namespace ingot::routes
