#include "storage/pipeline.hpp"

#include "storage/session.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>

#include <libpq-fe.h>

namespace ingot::storage {

namespace {

struct result_closer {
  void operator()(PGresult* x) const noexcept { PQclear(x); }
};
using result = std::unique_ptr<PGresult, result_closer>;

/// A statement of ours has at most so many parameters.
constexpr std::size_t parameters_max = 32;

std::string field_of(const PGresult* x, int code) {
  const auto* text = PQresultErrorField(x, code);
  return text == nullptr ? std::string{} : std::string{text};
}

statement_error error_of(const PGresult* x) {
  auto message = field_of(x, PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty())
    message = PQresultErrorMessage(x);
  return {field_of(x, PG_DIAG_SQLSTATE), message};
}

bool succeeded(const PGresult* x) {
  const auto status = PQresultStatus(x);
  return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

/// Connected, or thrown.
PGconn* checked(PGconn* link) {
  if (PQstatus(link) == CONNECTION_OK)
    return link;
  const auto error = statement_error{{}, PQerrorMessage(link)};
  PQfinish(link);
  throw error;
}

void pass_over_notice(void*, const PGresult*) {}

} // namespace

int answer::rows() const noexcept {
  return PQntuples(rows_);
}

bool answer::is_null(int row, int column) const noexcept {
  return PQgetisnull(rows_, row, column) != 0;
}

std::string_view answer::text(int row, int column) const noexcept {
  return {PQgetvalue(rows_, row, column), static_cast<std::size_t>(PQgetlength(rows_, row, column))};
}

std::int64_t answer::integer(int row, int column) const {
  const auto digits = text(row, column);
  auto value = std::int64_t{0};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty())
    throw std::runtime_error{"the database answered `" + std::string{digits} + "` where an integer was expected"};
  return value;
}

void pipeline::closer::operator()(PGconn* c) const noexcept {
  PQfinish(c);
}

pipeline::pipeline(const std::string& url, const database_settings& settings, std::span<const named_statement> statements)
    : statement_timeout_{settings.statement_timeout}, link_{checked(PQconnectdb(connection_string(url, settings).c_str()))},
      watched_{PQsocket(link_.get())} {
  PQsetNoticeReceiver(link_.get(), pass_over_notice, nullptr);
  const auto limit = connection_watchdog::deadline{watched_, std::max(settings.connect_timeout, settings.statement_timeout)};
  const auto session = result{PQexec(link_.get(), session_sql(settings.statement_timeout).c_str())};
  if (!succeeded(session.get()))
    throw error_of(session.get());
  if (answer{*session}.text(0, 0) != "f")
    throw statement_error{{}, read_only_database};
  if (PQenterPipelineMode(link_.get()) == 0)
    fail();
  prepare(statements);
}

pipeline::~pipeline() = default;

void pipeline::fail() const {
  throw statement_error{{}, PQerrorMessage(link_.get())};
}

void pipeline::prepare(std::span<const named_statement> statements) {
  for (const auto& [name, sql] : statements) {
    if (PQsendPrepare(link_.get(), name, sql, 0, nullptr) == 0)
      fail();
    queued_.emplace_back();
    sent_ = false;
  }
  run();
}

void pipeline::add(const char* statement, std::initializer_list<pgx::binary> parameters, reader read) {
  const auto count = parameters.size();
  if (count > parameters_max)
    throw std::logic_error{"a statement with too many parameters"};
  auto values = std::array<const char*, parameters_max>{};
  auto lengths = std::array<int, parameters_max>{};
  auto formats = std::array<int, parameters_max>{};
  auto i = std::size_t{0};
  for (const auto& [bytes] : parameters) {
    values[i] = bytes.data();
    lengths[i] = static_cast<int>(bytes.size()); // binary_array::bytes_max fits
    formats[i++] = 1;
  }
  if (PQsendQueryPrepared(link_.get(), statement, static_cast<int>(count), values.data(), lengths.data(), formats.data(), 0) == 0)
    fail();
  queued_.push_back(std::move(read));
  sent_ = false;
}

void pipeline::send() {
  if (std::exchange(sent_, true))
    return;
  if (PQpipelineSync(link_.get()) == 0)
    fail();
}

void pipeline::run() {
  if (queued_.empty())
    return;
  send();
  const auto readers = std::exchange(queued_, {});
  auto results = std::vector<result>{};
  auto error = std::optional<statement_error>{};
  // A statement's result, a null after it, the next; after the last the mark of PQpipelineSync.
  for (auto i = std::size_t{0}; i <= readers.size(); ++i) {
    auto& x = results.emplace_back(PQgetResult(link_.get()));
    const auto at_the_mark = i == readers.size();
    if (!x)
      fail();
    const auto status = PQresultStatus(x.get());
    if (!at_the_mark && !error && !succeeded(x.get()))
      error = error_of(x.get());
    // Nothing more comes on a broken connection.
    if (PQstatus(link_.get()) != CONNECTION_OK)
      throw error ? *error : statement_error{{}, PQerrorMessage(link_.get())};
    if (at_the_mark != (status == PGRES_PIPELINE_SYNC) || (!at_the_mark && PQgetResult(link_.get()) != nullptr))
      throw statement_error{{}, "results of the database came in an order that is not the protocol's"};
  }
  if (error)
    throw *error;
  for (auto i = std::size_t{0}; i < readers.size(); ++i)
    if (readers[i])
      readers[i](answer{*results[i]});
}

void pipeline::roll_back() noexcept {
  if (PQstatus(link_.get()) != CONNECTION_OK)
    return;
  try {
    for (auto& read : queued_)
      read = {}; // it may refer to what is gone
    // What is queued may fail; the one after the mark does not.
    if (!queued_.empty())
      try {
        run();
      } catch (const statement_error&) {
      }
    add("roll_back");
    run();
  } catch (const std::exception&) {
    // Broken: the next run() says why.
  }
}

connection_watchdog::deadline pipeline::within_statement_timeout() {
  return {watched_, statement_timeout_};
}

} // namespace ingot::storage
