#pragma once

#include "config/load.hpp"

namespace ingot {

/// Reads the TOML file into `into`: values, origins and every mistake with its place.
void read_toml_file(const std::filesystem::path& file, loaded_config& into);

} // namespace ingot
