#include "storage/pgx.hpp"

#include <memory>
#include <stdexcept>

#include <libpq-fe.h>

namespace ingot::storage::pgx {

std::string bytes(const pqxx::field& f) {
  if (f.is_null())
    return {};
  std::size_t size = 0;
  std::unique_ptr<unsigned char, void (*)(void*)> raw{PQunescapeBytea(reinterpret_cast<const unsigned char*>(f.c_str()), &size),
                                                      PQfreemem};
  if (!raw)
    throw std::runtime_error("a field that is no bytea");
  return {reinterpret_cast<const char*>(raw.get()), size};
}

std::vector<std::string> texts(const pqxx::field& f) {
  auto out = std::vector<std::string>{};
  if (f.is_null())
    return out;
#if PQXX_VERSION_MAJOR > 7 || (PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR >= 10)
  const auto all = f.as_sql_array<std::optional<std::string>>();
  for (auto x = all.cbegin(); x != all.cend(); ++x)
    if (*x)
      out.push_back(**x);
#else
  auto parser = f.as_array();
  for (auto item = parser.get_next(); item.first != pqxx::array_parser::juncture::done; item = parser.get_next())
    if (item.first == pqxx::array_parser::juncture::string_value)
      out.push_back(std::move(item.second));
#endif
  return out;
}

void forbid_reactivation([[maybe_unused]] pqxx::connection& c) {
#if PQXX_VERSION_MAJOR < 7
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  c.inhibit_reactivation(true);
#pragma GCC diagnostic pop
#endif
}

} // namespace ingot::storage::pgx
