#pragma once

#include "model/contents/blob_store.hpp"

#include <filesystem>
#include <memory>

namespace ingot::storage {

/// Keeps blobs as files, `FOLDER/3f/3fa9….17`, each one zstd frame (model/contents/blob_packing). A blob is written beside, in
/// `FOLDER/new`, and renamed, so nobody sees half of one; flush() brings what was committed to the disk. Keys have three
/// characters at least. Several nodes may share the folder.
///
/// Makes the folder; removes what writers left behind in `new` a day ago. Throws contents::blob_store_error when it cannot be
/// made.
///
/// Once the system has said that it could not write to the disk, nobody can tell what of the last seconds is there, and another
/// fsync would not tell either: every later flush() throws, until the node is started anew.
/// @param zstd_level 1 to 19
std::shared_ptr<contents::blob_store> open_blob_files(const std::filesystem::path& folder, unsigned zstd_level);

} // namespace ingot::storage
