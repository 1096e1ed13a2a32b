#include "storage/donations.hpp"

#include "storage/binary_array.hpp"

#include <array>
#include <optional>

namespace ingot::storage {

namespace {

constexpr auto statements = std::to_array<named_statement>({
    // Objects that nobody has told of. In their order, so that two transactions wait for each other instead of deadlocking; the
    // second one finds them taken.
    {"know_donation_objects", R"sql(
      INSERT INTO donation_objects (object_id, donation_id)
      SELECT u.object_id, u.donation_id FROM unnest($1::text[], $2::text[]) AS u (object_id, donation_id) ORDER BY u.object_id COLLATE "C"
      ON CONFLICT DO NOTHING
    )sql"},
    // The objects, for this transaction alone, and whose they are.
    {"lock_donation_objects", R"sql(
      SELECT object_id, donation_id FROM donation_objects WHERE object_id = ANY ($1::text[]) ORDER BY object_id FOR UPDATE
    )sql"},
    // Their donations, for this transaction alone. A statement of its own: it sees what those left for whom the locks were
    // waited.
    {"load_donations", R"sql(
      SELECT d.id, d.facts
      FROM (SELECT DISTINCT donation_id FROM donation_objects WHERE object_id = ANY ($1::text[])) o
      JOIN donations d ON d.id = o.donation_id
      ORDER BY d.id FOR UPDATE OF d
    )sql"},
    // New donations and changed ones. `updated_at` moves when a reader can see the change.
    {"write_donations", R"sql(
      INSERT INTO donations AS d (id, status, amount, currency, amount_refunded, from_user_id, to_user_id, rule_id, paid_at, failure,
                                  dispute, livemode, facts)
      SELECT * FROM unnest($1::text[], $2::text[], $3::int8[], $4::text[], $5::int8[], $6::text[], $7::text[], $8::text[],
                           $9::timestamptz[], $10::text[], $11::text[], $12::bool[], $13::text[])
      ON CONFLICT (id) DO UPDATE SET status = excluded.status, amount = excluded.amount, currency = excluded.currency,
        amount_refunded = excluded.amount_refunded, from_user_id = excluded.from_user_id, to_user_id = excluded.to_user_id,
        rule_id = excluded.rule_id, paid_at = excluded.paid_at, failure = excluded.failure, dispute = excluded.dispute,
        livemode = excluded.livemode, facts = excluded.facts,
        updated_at = CASE WHEN (d.status, d.amount, d.currency, d.amount_refunded, d.from_user_id, d.to_user_id, d.rule_id, d.paid_at,
                                d.failure, d.dispute, d.livemode)
                            IS DISTINCT FROM (excluded.status, excluded.amount, excluded.currency, excluded.amount_refunded,
                                excluded.from_user_id, excluded.to_user_id, excluded.rule_id, excluded.paid_at, excluded.failure,
                                excluded.dispute, excluded.livemode)
                          THEN now() ELSE d.updated_at END
    )sql"},
    // Rows that turned out to be of the same payment as another.
    {"forget_donations", "DELETE FROM donations WHERE id = ANY ($1::text[])"},
    // Objects that belong to another donation from now on.
    {"move_donation_objects", R"sql(
      UPDATE donation_objects o SET donation_id = u.donation_id
      FROM unnest($1::text[], $2::text[]) AS u (object_id, donation_id) WHERE o.object_id = u.object_id
    )sql"},
});

std::optional<std::string_view> unless_empty(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

void queue_rows(pipeline& db, const std::vector<stripe::donation_book::change>& changes) {
  auto id = text_array{}, status = text_array{}, currency = text_array{}, from_user = text_array{}, to_user = text_array{},
       rule = text_array{}, failure = text_array{}, dispute = text_array{}, facts = text_array{};
  auto amount = int8_array{}, refunded = int8_array{};
  auto paid_at = timestamptz_array{};
  auto livemode = bool_array{};
  for (const auto& [before, x, encoded] : changes) {
    id.add(x.id);
    status.add(to_string(x.status));
    amount.add(x.amount);
    currency.add(unless_empty(x.currency));
    refunded.add(x.amount_refunded);
    from_user.add(unless_empty(x.from_user_id));
    to_user.add(unless_empty(x.to_user_id));
    rule.add(unless_empty(x.rule_id));
    paid_at.add(x.paid_at);
    failure.add(unless_empty(x.failure));
    dispute.add(unless_empty(x.dispute));
    livemode.add(x.livemode);
    facts.add(encoded);
  }
  db.add("write_donations", {id.parameter(), status.parameter(), amount.parameter(), currency.parameter(), refunded.parameter(),
                             from_user.parameter(), to_user.parameter(), rule.parameter(), paid_at.parameter(),
                             failure.parameter(), dispute.parameter(), livemode.parameter(), facts.parameter()});
}

} // namespace

std::span<const named_statement> donation_statements() {
  return statements;
}

void load_donations(pipeline& db, const donation_objects& objects, stripe::donation_book& book) {
  auto object_id = text_array{}, donation_id = text_array{};
  for (const auto& [object, donation] : objects) {
    object_id.add(object);
    donation_id.add(donation);
  }
  db.add("know_donation_objects", {object_id.parameter(), donation_id.parameter()});
  db.add("lock_donation_objects", {object_id.parameter()}, [&book](const answer& rows) {
    for (auto i = 0; i < rows.rows(); ++i)
      book.know_object(rows.text(i, 0), rows.text(i, 1));
  });
  db.add("load_donations", {object_id.parameter()}, [&book](const answer& rows) {
    for (auto i = 0; i < rows.rows(); ++i)
      book.know_donation(rows.text(i, 0), rows.text(i, 1));
  });
}

void write_donations(pipeline& db, const stripe::donation_book::changes& changes) {
  if (!changes.gone.empty()) {
    auto gone = text_array{};
    for (const auto& id : changes.gone)
      gone.add(id);
    db.add("forget_donations", {gone.parameter()});
  }
  if (!changes.donations.empty())
    queue_rows(db, changes.donations);
  if (changes.moved.empty())
    return;
  auto object_id = text_array{}, donation_id = text_array{};
  for (const auto& x : changes.moved) {
    object_id.add(x.object);
    donation_id.add(x.donation);
  }
  db.add("move_donation_objects", {object_id.parameter(), donation_id.parameter()});
}

} // namespace ingot::storage
