#pragma once

#include "model/contents/blob_store.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

/// What every blob store must do, for the tests of each.
namespace blob_store_checks {

using ingot::contents::blob_store;

/// `size` bytes that compress not at all (of `seed`), or well.
inline std::string content(std::size_t size, unsigned seed, bool compressible = false) {
  auto source = std::mt19937{seed};
  auto out = std::string(size, '\0');
  for (auto& c : out)
    c = static_cast<char>(compressible ? 'a' + source() % 4 : source());
  return out;
}

inline void put(blob_store& to, const std::string& key, std::string_view bytes, std::size_t piece = 65'536) {
  const auto writer = to.write();
  for (auto rest = bytes; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
    writer->write(rest.substr(0, piece));
  writer->commit(key);
}

/// All of it from `offset` on; "absent" when there is none.
inline std::string get(blob_store& from, const std::string& key, std::uint64_t offset = 0, std::size_t piece = 100'000) {
  const auto reader = from.read(key, offset);
  if (!reader)
    return "absent";
  auto out = std::string{};
  for (auto x = reader->read(piece); !x.empty(); x = reader->read(piece))
    out += x;
  return out;
}

inline std::string key_of(unsigned i) {
  auto source = std::mt19937{i};
  static constexpr auto digits = std::string_view{"0123456789abcdef"};
  auto out = std::string{};
  for (auto n = 0; n < 40; ++n)
    out += digits[source() % 16];
  return out + "." + std::to_string(i);
}

/// Contents of many sizes come back byte for byte, from every kind of offset.
inline void keeps_contents(blob_store& store, std::size_t size_max) {
  auto i = 0u;
  for (const auto size : {0, 1, 100, 4'095, 65'536, 262'143, 262'144, 262'145, 1'000'000, 9'000'001})
    for (const auto compressible : {false, true}) {
      if (static_cast<std::size_t>(size) > size_max)
        continue;
      const auto key = key_of(++i);
      const auto bytes = content(static_cast<std::size_t>(size), i, compressible);
      put(store, key, bytes, size > 100 ? 50'000 : 1);
      store.flush();
      INFO(size << " bytes, compressible: " << compressible);
      CHECK((get(store, key) == bytes));
      for (const auto offset : {std::size_t{1}, bytes.size() / 2, bytes.size(), bytes.size() + 1})
        CHECK((get(store, key, offset) == (offset > bytes.size() ? "" : bytes.substr(offset))));
      store.remove(key);
      CHECK(get(store, key) == "absent");
      store.remove(key);
    }
}

/// A key's content is replaced as a whole, and a dropped writer leaves nothing.
inline void replaces_and_drops(blob_store& store) {
  put(store, key_of(1), "first");
  put(store, key_of(1), "second");
  CHECK(get(store, key_of(1)) == "second");
  {
    const auto small = store.write(), large = store.write();
    small->write("never committed");
    large->write(content(6'000'000, 3));
  }
  store.flush();
  const auto all = store.list("", 10);
  REQUIRE(all.size() == 1);
  CHECK(all.front().key == key_of(1));
  CHECK(all.front().written_at > 1'700'000'000);
  store.remove(key_of(1));
}

/// Keys come in order, a page at a time, each once.
inline void lists_in_order(blob_store& store, unsigned count) {
  auto keys = std::vector<std::string>{};
  for (auto i = 0u; i < count; ++i) {
    keys.push_back(key_of(i));
    put(store, keys.back(), "x");
  }
  store.flush();
  std::sort(keys.begin(), keys.end());
  for (const auto page : {std::size_t{1}, std::size_t{7}, std::size_t{1'000}}) {
    auto found = std::vector<std::string>{};
    for (auto x = store.list("", page); !x.empty(); x = store.list(found.back(), page))
      for (const auto& one : x)
        found.push_back(one.key);
    CHECK((found == keys));
  }
  for (const auto& x : keys)
    store.remove(x);
  CHECK(store.list("", 10).empty());
}

/// Threads that write, flush, read and remove at the same time do not disturb each other.
inline void is_thread_safe(blob_store& store, unsigned threads, unsigned blobs) {
  auto wrong = std::vector<std::string>(threads);
  {
    auto all = std::vector<std::jthread>{};
    for (auto t = 0u; t < threads; ++t)
      all.emplace_back([&, t] {
        try {
          for (auto i = 0u; i < blobs; ++i) {
            const auto key = key_of(t * blobs + i);
            const auto bytes = content(i * 997 % 40'000, t * blobs + i, true);
            put(store, key, bytes);
            if (i % 16 == 0)
              store.flush();
            if (get(store, key) != bytes)
              wrong[t] = key + " came back wrong";
            store.remove(key);
          }
        } catch (const std::exception& x) {
          wrong[t] = x.what();
        }
      });
  }
  for (const auto& x : wrong)
    CHECK(x == "");
}

} // namespace blob_store_checks
