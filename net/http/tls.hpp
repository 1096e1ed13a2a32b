#pragma once

#include "config/settings.hpp"
#include "model/time.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <optional>

namespace ingot::http {

/// TLS 1.2 and later with the certificate of `settings`, ALPN `http/1.1`.
/// Throws std::runtime_error naming the file that does not do.
std::shared_ptr<boost::asio::ssl::context> load_tls(const server_settings& settings);

/// When the certificate of `of` ends; nothing when it has none.
std::optional<timestamp> end_of_certificate(boost::asio::ssl::context& of);

} // namespace ingot::http
