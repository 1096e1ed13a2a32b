#include "tests/storage/spool_model.hpp"

#include "storage/spool_record.hpp"
#include "tests/storage/spool_fixture.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace fs = std::filesystem;

namespace ingot::storage {

namespace {

/// What does not hold. Not an error of the spool: those are std::runtime_error.
struct violation {
  std::string text;
};

std::string name_of(int number, std::int64_t sequence) {
  return "delivery-" + std::to_string(number) + " (sequence " + std::to_string(sequence) + ")";
}

int number_of(const delivery& x) {
  constexpr std::string_view prefix = "delivery-";
  return x.id.starts_with(prefix) ? std::atoi(x.id.c_str() + prefix.size()) : -1;
}

// Pages of the log that make SQLite bring it over to the file. Set at every opening.
int log_pages_max = 1000;

int set_log_pages(sqlite3* file, const char**, const void*) {
  return sqlite3_wal_autocheckpoint(file, log_pages_max);
}

} // namespace

spool_model::spool_model(fs::path folder, std::uint64_t seed, bool traced)
    : folder_(std::move(folder)), state_(seed), traced_(traced) {
  // The salts of the log.
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed | 1), nullptr);
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(set_log_pages));
  log_pages_ = random(3) == 0 ? 1000 : 1 + static_cast<int>(random(40));
  if (random(10) == 0)
    settings_.bytes_max = 2000 + random(20'000);
}

spool_model::~spool_model() {
  disk_.die();
  spool_.reset();
  sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(set_log_pages));
}

/// SplitMix64 (Steele, Lea, Flood, 2014).
std::uint64_t spool_model::random(std::uint64_t below) {
  auto x = state_ += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return (x ^ (x >> 31)) % below;
}

void spool_model::say(const std::string& what) {
  if (traced_)
    trace_ += what + '\n';
}

std::string spool_model::run(model_counts& counts) {
  counts_ = &counts;
  try {
    open();
    for (auto left = 5 + random(16); left > 0; --left) {
      ++counts.actions;
      const auto kind = random(100);
      if (kind < 50)
        append();
      else if (kind < 65)
        read();
      else if (kind < 83)
        forget();
      else if (kind < 85)
        set_aside();
      else if (kind < 89)
        restart();
      else
        crash();
    }
    // Last: of what a changed bit does to what is done later, nothing is promised.
    if (random(30) == 0)
      flip_bit();
    else
      crash();
  } catch (const violation& x) {
    return x.text;
  }
  return {};
}

std::vector<spool_model::row*> spool_model::visible_rows() {
  std::vector<row*> found;
  for (auto& x : rows_)
    if (x.visible)
      found.push_back(&x);
  return found;
}

/// Prepares a fault for the next call, mostly none. @returns whether there is one
bool spool_model::arm() {
  switch (random(12)) {
  case 0: {
    const auto n = 1 + random(random(2) == 0 ? 4 : 24);
    const bool torn = random(2) == 0;
    disk_.die_in(n, torn);
    say("  dies at write or fsync " + std::to_string(n) + (torn ? ", which is torn" : ""));
    return true;
  }
  case 1:
    disk_.sync_code = SQLITE_IOERR_FSYNC;
    disk_.failed_sync_loses = random(2) == 0;
    ++counts_->failed_syncs;
    say(disk_.failed_sync_loses ? "  every fsync fails and loses" : "  every fsync fails");
    return true;
  case 2:
    disk_.write_code = SQLITE_FULL;
    ++counts_->full_disks;
    say("  the disk is full");
    return true;
  default:
    return false;
  }
}

/// Makes a call under a fault, perhaps.
template <class Call>
spool_model::outcome spool_model::attempt(const char* what, Call&& call) {
  const bool armed = arm();
  const auto failed_before = disk_.failed_syncs;
  auto how = outcome::done;
  std::string problem;
  try {
    call();
  } catch (const std::runtime_error& e) {
    problem = e.what();
    say("  " + problem);
    const bool untouched = problem.starts_with("the spool is not trusted") || problem.starts_with("spool is full") ||
                           disk_.write_code == SQLITE_FULL;
    how = untouched ? outcome::refused : outcome::in_doubt;
  }
  if (how != outcome::done && !armed && !sync_failed_ && !problem.starts_with("spool is full"))
    throw violation{std::string{what} + " failed without a fault: " + problem};
  const bool failed_now = disk_.failed_syncs > failed_before;
  sync_failed_ = sync_failed_ || failed_now;
  log_is_stale_ = log_is_stale_ || failed_now;
  must_refuse_ = must_refuse_ || (failed_now && how != outcome::done);
  disk_.sync_code = disk_.write_code = SQLITE_OK;
  if (!disk_.is_dead())
    disk_.die_in(0, false);
  return how;
}

void spool_model::append() {
  std::vector<delivery> group;
  std::vector<row> fresh;
  std::vector<bool> expected;
  std::vector<int> known;
  std::size_t bytes = 0;
  const auto there = visible_rows();
  const auto big = random(400) == 0 ? 60'000u : 0u;
  for (auto left = 1 + random(3); left > 0; --left) {
    // A number that is there, one that was there, or a new one.
    const auto choice = random(10);
    int number = next_number_;
    std::size_t body = random(8) == 0 ? random(9000) : random(300);
    body += big;
    if (choice == 0 && !there.empty()) {
      const auto* x = there[random(there.size())];
      number = x->number;
      body = x->body;
    } else if (choice == 1 && next_number_ > 0) {
      number = static_cast<int>(random(static_cast<std::uint64_t>(next_number_)));
      for (const auto& x : rows_)
        if (x.number == number)
          body = x.body;
    } else {
      ++next_number_;
    }
    group.push_back(numbered_delivery(number, body));
    tried_.emplace(number, body);
    const auto same_number = [&](const auto& x) { return x.number == number; };
    const bool is_there = std::any_of(there.begin(), there.end(), [&](const auto* x) { return x->number == number; });
    const bool twice = std::any_of(fresh.begin(), fresh.end(), same_number);
    expected.push_back(!is_there && !twice);
    known.push_back(number);
    if (is_there || twice)
      continue;
    // In doubt from an earlier try: this one decides what becomes of the number.
    fresh.push_back({number, body, to_record(group.back()).size(), 0, next_group_, true, true, false});
    bytes += fresh.back().record;
  }
  if (traced_) {
    std::string text = "append";
    for (std::size_t i = 0; i < known.size(); ++i)
      text += ' ' + std::to_string(known[i]) + (expected[i] ? "" : "(again)") + ':' + std::to_string(group[i].body.size());
    say(text);
  }
  ++next_group_;
  const bool full = !fresh.empty() && spool_->bytes() + bytes > settings_.bytes_max;
  const bool must_refuse = must_refuse_;
  std::vector<bool> added;
  const auto how = attempt("append", [&] { added = storage::append(*spool_, group); });
  if (how == outcome::done) {
    if (full)
      throw violation{"more than bytes_max was taken"};
    if (must_refuse)
      throw violation{"an append was taken by a spool that is not to be trusted"};
    settled_ = true;
    if (added != expected)
      throw violation{"append told other deliveries to be new"};
  }
  judge_append(how, fresh, known);
  go_on();
}

/// After a call that may have been the last of this life.
void spool_model::go_on() {
  if (!disk_.is_dead())
    return check_sizes();
  end_life(true);
  open();
}

void spool_model::judge_append(outcome how, const std::vector<row>& fresh, const std::vector<int>& numbers) {
  if (how == outcome::refused)
    return;
  // An earlier try whose end nobody knows: now it is known, or this one is in doubt as well and its group tells nothing.
  const auto is_earlier = [&](const row& x) {
    return !x.visible && std::any_of(fresh.begin(), fresh.end(), [&](const row& f) { return f.number == x.number; });
  };
  if (how == outcome::done)
    std::erase_if(rows_, is_earlier);
  for (auto& x : rows_)
    if (is_earlier(x))
      x.group = no_group;
  rows_.insert(rows_.end(), fresh.begin(), fresh.end());
  if (how == outcome::in_doubt) {
    const auto first = rows_.end() - static_cast<std::ptrdiff_t>(fresh.size());
    for (auto x = first; x != rows_.end(); ++x) {
      x->visible = x->acknowledged = false;
      x->in_doubt = true;
      // Of two tries nobody can tell which of them is there.
      if (std::any_of(rows_.begin(), first, [&](const row& earlier) { return earlier.number == x->number; }))
        x->group = no_group;
    }
    return;
  }
  // What was there already is acknowledged now, too.
  for (auto& x : rows_)
    if (x.visible && std::find(numbers.begin(), numbers.end(), x.number) != numbers.end()) {
      x.acknowledged = true;
      x.in_doubt = false;
    }
}

void spool_model::check_sizes() {
  std::size_t count = 0, bytes = 0;
  for (const auto& x : rows_)
    if (x.visible) {
      ++count;
      bytes += x.record;
    }
  if (spool_->depth() != count || spool_->bytes() != bytes)
    throw violation{"depth() and bytes() are " + std::to_string(spool_->depth()) + " and " + std::to_string(spool_->bytes()) +
                    ", not " + std::to_string(count) + " and " + std::to_string(bytes)};
}

void spool_model::check_sequence(row& x, std::int64_t sequence) {
  // Never acknowledged and perhaps never on the disk: as if it had not been used.
  if (!settled_ && x.sequence == 0 && (x.in_doubt || !x.acknowledged))
    return;
  const auto [at, fresh] = sequences_.emplace(sequence, x.number);
  if (!fresh && at->second != x.number)
    throw violation{name_of(x.number, sequence) + " has a sequence that delivery-" + std::to_string(at->second) + " had"};
  if (x.sequence != 0 && x.sequence != sequence)
    throw violation{name_of(x.number, sequence) + " had another sequence: " + std::to_string(x.sequence)};
  if (x.sequence == 0 && !fresh)
    throw violation{name_of(x.number, sequence) + " has a sequence that was used before"};
  x.sequence = sequence;
}

void spool_model::read() {
  const auto count = 1 + random(5);
  say("oldest " + std::to_string(count));
  const auto there = visible_rows();
  const auto found = spool_->oldest(count);
  if (found.size() != std::min<std::size_t>(count, there.size()))
    throw violation{"oldest gave " + std::to_string(found.size()) + " of " + std::to_string(there.size())};
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!same(found[i].kept, numbered_delivery(there[i]->number, there[i]->body)))
      throw violation{"oldest gave " + found[i].kept.id + " where delivery-" + std::to_string(there[i]->number) + " stands"};
    check_sequence(*there[i], found[i].sequence);
  }
}

void spool_model::forget() {
  const auto there = visible_rows();
  if (there.empty())
    return;
  const auto count = random(3) == 0 ? there.size() : 1 + random(std::min<std::size_t>(there.size(), 4));
  const auto found = spool_->oldest(count);
  if (found.size() != count)
    throw violation{"oldest gave " + std::to_string(found.size()) + " of " + std::to_string(count)};
  for (std::size_t i = 0; i < count; ++i)
    check_sequence(*there[i], found[i].sequence);
  const auto through = found.back().sequence;
  say("forget through " + std::to_string(through));
  const bool done = attempt("forget_through", [&] { spool_->forget_through(through); }) == outcome::done;
  for (std::size_t i = 0; i < count; ++i) {
    auto* x = there[i];
    x->group = no_group;
    x->visible = !done;
    x->in_doubt = !done || sync_failed_ || !settled_;
  }
  std::erase_if(rows_, [](const row& x) { return !x.visible && !x.in_doubt; });
  go_on();
}

void spool_model::set_aside() {
  const auto there = visible_rows();
  if (there.empty())
    return;
  const auto which = random(std::min<std::size_t>(there.size(), 3));
  auto* x = there[which];
  const auto found = spool_->oldest(which + 1);
  if (found.size() != which + 1)
    throw violation{"oldest gave " + std::to_string(found.size()) + " of " + std::to_string(which + 1)};
  for (std::size_t i = 0; i <= which; ++i)
    check_sequence(*there[i], found[i].sequence);
  const auto sequence = found.back().sequence;
  say("set aside " + std::to_string(sequence));
  const bool done = attempt("set_aside", [&] { spool_->set_aside(sequence); }) == outcome::done;
  if (done && spool_->damage().empty())
    throw violation{"a delivery was set aside and nothing is said of it"};
  x->group = no_group;
  x->visible = !done;
  x->in_doubt = !done || sync_failed_ || !settled_;
  std::erase_if(rows_, [](const row& r) { return !r.visible && !r.in_doubt; });
  go_on();
}

/// A clean end, and the next life.
void spool_model::restart() {
  say("restart");
  spool_.reset();
  log_is_stale_ = false;
  open();
}

void spool_model::crash() {
  say("crash");
  end_life(false);
  open();
}

/// The process is dead, or dies now; the power may go as well.
void spool_model::end_life(bool in_action) {
  disk_.die();
  spool_.reset();
  counts_->deaths_in_action += in_action ? 1 : 0;
  if (random(3) > 0) {
    const auto seed = random(1'000'000);
    say("the power goes: " + std::to_string(seed));
    may_be_torn_ = true;
    disk_.restart_after_power_cut(folder_, seed);
    ++counts_->power_cuts;
  } else {
    say("killed");
    may_be_torn_ = may_be_torn_ || disk_.tore_a_write();
    disk_.restart();
    ++counts_->kills;
  }
}

void spool_model::flip_bit() {
  say("closed, and a bit flips");
  spool_.reset();
  auto file = folder_ / (random(2) == 0 && fs::exists(folder_ / "spool.sqlite-wal") ? "spool.sqlite-wal" : "spool.sqlite");
  if (const auto size = fs::file_size(file); size > 0) {
    std::fstream f{file, std::ios::in | std::ios::out | std::ios::binary};
    const auto at = static_cast<std::streamoff>(random(size));
    f.seekg(at);
    const char byte = static_cast<char>(f.get() ^ (1 << random(8)));
    f.seekp(at);
    f.put(byte);
    flipped_ = true;
  }
  open();
}

/// The next life: opens the spool, perhaps under faults and after some deaths, and compares all that is in it.
void spool_model::open() {
  for (bool opened = false; !opened;) {
    const bool armed = random(3) == 0 && arm();
    const auto failed_before = disk_.failed_syncs;
    log_pages_max = log_pages_;
    try {
      spool_ = std::make_unique<spool>(folder_, settings_);
      opened = true;
    } catch (const std::runtime_error& e) {
      say(std::string{"  cannot be opened: "} + e.what());
      if (!armed)
        throw violation{std::string{"it cannot be opened: "} + e.what()};
    }
    sync_failed_ = disk_.failed_syncs > failed_before;
    log_is_stale_ = log_is_stale_ || sync_failed_;
    settled_ = !sync_failed_ && disk_.write_code == SQLITE_OK;
    disk_.sync_code = disk_.write_code = SQLITE_OK;
    if (disk_.is_dead()) {
      opened = false;
      end_life(true);
    } else {
      disk_.die_in(0, false);
    }
  }
  must_refuse_ = false;
  const auto found = spool_->oldest(100'000, std::size_t{1} << 30);
  const bool damaged = !spool_->damage().empty();
  counts_->damage_reports += damaged ? 1 : 0;
  say("opened, with " + std::to_string(found.size()) + (damaged ? "; " + spool_->damage() : ""));
  if (damaged && !may_be_torn_ && !log_is_stale_ && !flipped_)
    throw violation{"a sound file is said to be damaged: " + spool_->damage()};
  judge_restart(found);
  check_sizes();
  may_be_torn_ = flipped_ = false;
  log_is_stale_ = log_is_stale_ && !damaged;
}

void spool_model::judge_restart(const std::vector<spooled>& found) {
  const bool damaged = !spool_->damage().empty();
  const bool may_lose = damaged && flipped_;
  // What a changed page held of the counter is gone with it.
  if (flipped_)
    sequences_.clear();
  std::vector<row> now;
  std::map<int, std::pair<int, int>> groups; // of those in doubt: how many of each are there, and are not
  std::size_t at = 0;
  const auto pass_over = [&](row x) {
    if (x.visible && x.acknowledged && !x.in_doubt && !may_lose)
      throw violation{name_of(x.number, x.sequence) + " was acknowledged and is lost"};
    if (!x.acknowledged && x.sequence == 0 && x.group != no_group)
      ++groups[x.group].second;
    if (!settled_) {
      x.visible = false;
      x.in_doubt = true;
      now.push_back(x);
    }
  };
  std::int64_t last = 0;
  for (const auto& f : found) {
    const auto number = number_of(f.kept);
    if (f.sequence <= last)
      throw violation{"the order is not that of sequences at " + f.kept.id};
    last = f.sequence;
    const auto is_it = [&](const row& x) {
      return x.number == number && (x.sequence == 0 || x.sequence == f.sequence || may_lose) && (x.visible || x.in_doubt);
    };
    const auto next = std::find_if(rows_.begin() + static_cast<std::ptrdiff_t>(at), rows_.end(), is_it);
    if (next == rows_.end()) {
      // A salvage may bring back what was forgotten (spool_salvage.cpp); the database knows it;
      // or what an append that failed had written.
      const auto body = f.kept.body.size();
      if (!damaged || !tried_.contains({number, body}) || !same(f.kept, numbered_delivery(number, body)))
        throw violation{name_of(number, f.sequence) + " is there, and nobody put it there, or out of its order"};
      now.push_back({number, body, to_record(f.kept).size(), f.sequence, next_group_++, true, true, false});
      continue;
    }
    for (; &rows_[at] != &*next; ++at)
      pass_over(rows_[at]);
    auto x = rows_[at++];
    if (!same(f.kept, numbered_delivery(number, x.body)))
      throw violation{name_of(number, f.sequence) + " is not what was put there"};
    if (!x.acknowledged && x.sequence == 0 && x.group != no_group)
      ++groups[x.group].first;
    if (flipped_)
      x.sequence = 0;
    check_sequence(x, f.sequence);
    // What was handed out once stays, as if it had been acknowledged: it may have been told to be a duplicate. Unless the disk
    // failed already then.
    x.in_doubt = !settled_ && (x.in_doubt || !x.visible || !x.acknowledged);
    x.visible = true;
    x.acknowledged = x.acknowledged || settled_;
    now.push_back(x);
  }
  for (; at < rows_.size(); ++at)
    pass_over(rows_[at]);
  for (const auto& [group, count] : groups)
    if (count.first > 0 && count.second > 0 && !damaged)
      throw violation{"of the group " + std::to_string(group) + " that was under way a part is there"};
  rows_ = std::move(now);
}

} // namespace ingot::storage
