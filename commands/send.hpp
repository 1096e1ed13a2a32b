#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"

#include <string>
#include <vector>

namespace ingot::commands {

struct send_options {
  std::vector<std::string> files; ///< payloads; `-` is standard input
  bool example = false;           ///< a small payload of our own: a pull request is opened
  std::string event;              ///< empty: guessed
  std::string url;                ///< empty: the node of the settings
  std::string secret;             ///< empty: of the settings, else the kept one
  std::string delivery;           ///< empty: a random UUID each; else of the only file
  unsigned count = 1;             ///< how often each file is sent, every time as another delivery
};

/// Signs payloads as GitHub does and posts them. Exit code 0 when every answer was a 2xx. Throws std::runtime_error.
int send(const settings& of, const send_options& options, const terminal& to);

/// A random UUID (RFC 9562, version 4), as GitHub's delivery ids.
std::string random_uuid();

} // namespace ingot::commands
