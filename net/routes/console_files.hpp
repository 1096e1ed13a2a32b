#pragma once

#include "config/settings.hpp"
#include "net/routes/table.hpp"

#include <map>
#include <memory>
#include <string>

/// The console's built files, which are served from memory.
namespace ingot::routes {

/// One file as it is sent.
struct console_file {
  std::string body, gzipped; ///< gzipped: empty when there is none beside it
  std::string content_type, etag;
  bool hashed = false; ///< its name changes with its content
};

/// By path below the folder, `index.html`. Empty: the console was not built.
using console_files = std::map<std::string, console_file, std::less<>>;

/// Reads them once, at the start: from the setting's folder, or from one beside the program. More than 8 MiB are no console of
/// ours: then there are none, and the log says so.
std::shared_ptr<const console_files> load_console_files(const console_settings& of);

void show_console(const services& what, http::request req, path_parameters, http::responder done);

/// Leads from `/console/` to `/console`, where the page's own addresses are right.
void redirect_to_console(const services& what, http::request req, path_parameters, http::responder done);

void send_console_file(const services& what, http::request req, path_parameters file, http::responder done);

} // namespace ingot::routes
