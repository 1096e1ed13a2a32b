#pragma once

#include "model/stripe/donation.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::stripe {

/// The donations that a batch of events is about: what the rows hold, joined with what the events say. An event that names
/// objects of two donations (a refund told of a charge before anybody told whose intent it was) makes one of them.
class donation_book {
public:
  /// What the database holds: the donation of an object, and the facts of a donation.
  void know_object(std::string_view object, std::string_view donation);
  void know_donation(std::string_view id, std::string_view facts);

  /// Adds what an event says. @returns the id of the donation it is about, as far as the book knows by now
  const std::string& add(const donation_facts& said);

  /// A donation whose facts changed.
  struct change {
    std::vector<donation> before; ///< the rows that it was until now: none, or one, or those that turned out to be one payment
    donation now;
    std::string facts; ///< encoded

    /// Does it show a reader something new?
    bool visible() const { return before.size() != 1 || before.front() != now; }
    /// Is it known only now that (and when) it was paid?
    bool newly_paid() const;
    /// Has more of it gone back than any row said?
    bool newly_refunded() const;
    /// Days (UTC) whose donations change with it.
    std::set<std::chrono::sys_days> days() const;
  };

  /// An object and the donation that it belongs to from now on.
  struct moved_object {
    std::string object, donation;
  };

  /// What is to be written, by id.
  struct changes {
    std::vector<change> donations;
    std::vector<std::string> gone; ///< ids of rows that became part of another
    std::vector<moved_object> moved;
  };
  changes take_changes() const;

private:
  struct entry {
    donation_facts facts;
    std::set<std::string> rows; ///< ids of the loaded donations that are in it
  };

  std::map<std::string, std::string, std::less<>> stored_objects_; ///< as loaded
  std::map<std::string, donation_facts, std::less<>> stored_;      ///< as loaded
  std::map<std::string, std::string, std::less<>> objects_;        ///< as they are now
  std::map<std::string, entry, std::less<>> entries_;              ///< by the donation's present id
};

} // namespace ingot::stripe
