#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"
#include "model/time.hpp"

namespace ingot::commands {

/// Master keys in use: which key seals how many values of which column.
int list_master_keys(const settings& of, const terminal& to);

struct rotate_options {
  bool drop_previous = false; ///< instead: forget the previous key, when nothing is sealed with it any more
};

/// Seals everything anew with another master key while nodes run. A key that lies in data_dir is replaced by a new one first; one
/// that is configured must have been replaced already, with the old one as the previous. Cut short, the same again goes on.
int rotate_master_key(const settings& of, const rotate_options& options, timestamp now, const terminal& to);

} // namespace ingot::commands
