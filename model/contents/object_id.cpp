#include "model/contents/object_id.hpp"

#include <stdexcept>

#include <openssl/evp.h>

namespace ingot::contents {

namespace {

int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

object_id id_of(std::string_view kind, std::string_view bytes) {
  auto head = std::string{kind} + ' ' + std::to_string(bytes.size());
  head.push_back('\0');
  auto out = object_id::bytes_type{};
  auto* context = EVP_MD_CTX_new();
  const auto fine = context != nullptr && EVP_DigestInit_ex(context, EVP_sha1(), nullptr) == 1 &&
                    EVP_DigestUpdate(context, head.data(), head.size()) == 1 &&
                    EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context, out.data(), nullptr) == 1;
  EVP_MD_CTX_free(context);
  if (!fine)
    throw std::runtime_error{"OpenSSL has no SHA-1"};
  return object_id{out};
}

} // namespace

std::optional<object_id> object_id::parse(std::string_view hex) noexcept {
  if (hex.size() != 2 * size)
    return std::nullopt;
  auto out = bytes_type{};
  for (auto i = std::size_t{0}; i < size; ++i) {
    const auto high = digit_of(hex[2 * i]), low = digit_of(hex[2 * i + 1]);
    if (high < 0 || low < 0)
      return std::nullopt;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return object_id{out};
}

std::string object_id::hex() const {
  static constexpr auto digits = std::string_view{"0123456789abcdef"};
  auto out = std::string{};
  out.reserve(2 * size);
  for (const auto x : bytes_) {
    out += digits[x >> 4];
    out += digits[x & 15];
  }
  return out;
}

struct blob_hash::state {
  EVP_MD_CTX* context = EVP_MD_CTX_new();

  state() = default;
  state(const state&) = delete;
  state& operator=(const state&) = delete;
  ~state() { EVP_MD_CTX_free(context); }
};

blob_hash::blob_hash(std::uint64_t size) : state_{std::make_unique<state>()} {
  auto head = "blob " + std::to_string(size);
  head.push_back('\0');
  if (state_->context == nullptr || EVP_DigestInit_ex(state_->context, EVP_sha1(), nullptr) != 1 ||
      EVP_DigestUpdate(state_->context, head.data(), head.size()) != 1)
    throw std::runtime_error{"OpenSSL has no SHA-1"};
}

blob_hash::blob_hash(blob_hash&&) noexcept = default;
blob_hash& blob_hash::operator=(blob_hash&&) noexcept = default;
blob_hash::~blob_hash() = default;

void blob_hash::add(std::string_view bytes) {
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1)
    throw std::runtime_error{"OpenSSL cannot hash"};
}

object_id blob_hash::finish() {
  auto out = object_id::bytes_type{};
  if (EVP_DigestFinal_ex(state_->context, out.data(), nullptr) != 1)
    throw std::runtime_error{"OpenSSL cannot hash"};
  return object_id{out};
}

object_id id_of_blob(std::string_view bytes) {
  return id_of("blob", bytes);
}

object_id id_of_tree(std::string_view bytes) {
  return id_of("tree", bytes);
}

} // namespace ingot::contents
