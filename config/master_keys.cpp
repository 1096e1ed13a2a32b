#include "config/master_keys.hpp"

#include "config/secrets.hpp"
#include "model/base64.hpp"

#include <algorithm>
#include <stdexcept>

namespace ingot {

master_keys::master_keys(const settings& of) {
  if (of.master_key_in_file) {
    add(read_kept_secret(of.data_dir, master_key_file), master_key_file);
    add(read_kept_secret(of.data_dir, previous_master_key_file), previous_master_key_file);
  }
  add(of.master_key, of.master_key_in_file ? master_key_file : "INGOT_MASTER_KEY");
  add(of.master_key_previous, "INGOT_MASTER_KEY_PREVIOUS");
  if (keys_.empty())
    throw std::runtime_error{
        "there is no master key: set INGOT_MASTER_KEY, or run this where the node's data folder is (INGOT_DATA_DIR)"};
}

void master_keys::add(const std::string& base64, std::string_view where) {
  if (base64.empty())
    return;
  const auto key = from_base64(base64);
  if (!key || key->size() != sealing::key_bytes)
    throw std::runtime_error{std::string{where} +
                             " holds no key (base64 of 32 bytes): restore it, or take it away and set the sealed secrets anew"};
  auto made = sealing{*key};
  if (!knows(made.key_id()))
    keys_.push_back(std::move(made));
}

std::string master_keys::seal(std::string_view secret, std::string_view place) const {
  return keys_.front().seal(secret, place, fresh_nonce());
}

std::string master_keys::open(std::string_view sealed, std::string_view place) const {
  const auto id = sealing::key_id_of(sealed);
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const sealing& x) { return x.key_id() == id; });
  return (found == keys_.end() ? keys_.front() : *found).open(sealed, place); // the wrong one says what is wrong
}

bool master_keys::knows(std::string_view key_id) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const sealing& x) { return x.key_id() == key_id; });
}

sealing::nonce fresh_nonce() {
  const auto random = random_bytes();
  auto out = sealing::nonce{};
  std::copy_n(random.begin(), out.size(), out.begin());
  return out;
}

bool begin_master_key_rotation(const settings& of) {
  // First the old key under its new name: whatever happens then, both are at hand.
  if (!keep_secret_once(of.data_dir, previous_master_key_file, read_kept_secret(of.data_dir, master_key_file))) {
    if (read_kept_secret(of.data_dir, previous_master_key_file) != read_kept_secret(of.data_dir, master_key_file))
      return false;
  }
  const auto random = random_bytes();
  replace_kept_secret(of.data_dir, master_key_file, to_base64({reinterpret_cast<const char*>(random.data()), random.size()}));
  return true;
}

bool drop_previous_master_key(const settings& of) {
  return std::filesystem::remove(of.data_dir / previous_master_key_file);
}

} // namespace ingot
