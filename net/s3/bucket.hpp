#pragma once

#include "config/settings.hpp"
#include "model/contents/blob_store.hpp"

#include <memory>

namespace ingot::s3 {

/// Keeps blobs as objects of an S3-compatible store, `PREFIX` and the key, each one zstd frame (model/contents/blob_packing).
/// Requests are signed by AWS Signature Version 4 (libcurl) and address the bucket by path. An object that was put is durable, so
/// that flush() has nothing to do. An object is put by one request, which stores take up to 5 GB.
///
/// A blob of more than a few MB waits for its commit in an unnamed temporary file. What fails is tried three times in all; errors
/// name the status and S3's own code, and no credential. Makes no request yet.
/// @param x s3_url, s3_bucket and the credentials are set; s3_prefix as config/load.cpp lets it through
std::shared_ptr<contents::blob_store> open_bucket(const blob_settings& x);

} // namespace ingot::s3
