#include "model/stripe/donation.hpp"

#include <charconv>
#include <concepts>
#include <stdexcept>
#include <type_traits>
#include <utility>

// The text of the column `facts`: a version, then the members in order. A number ends in a space, a text is `<bytes>:<text>` and
// needs no escaping, `~` is an absent optional, a collection begins with its size.

namespace ingot::stripe {

namespace {

constexpr char version = '1';

/// More elements than any bound of ours: the text was not written by us.
constexpr std::size_t elements_max = 1000;

class writer {
public:
  explicit writer(std::string& out) : out_{out} {}

  template <std::integral T>
  void operator()(T x) {
    end_number(x, ' ');
  }
  void operator()(bool x) { end_number(x ? 1 : 0, ' '); }
  void operator()(const std::string& text) {
    end_number(text.size(), ':');
    out_ += text;
  }
  void operator()(timestamp x) { end_number(x.time_since_epoch().count(), ' '); }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(Enum x) { end_number(static_cast<int>(x), ' '); }
  template <class T>
  void operator()(const std::optional<T>& x) {
    if (x)
      (*this)(*x);
    else
      out_ += '~';
  }
  template <class T>
  void operator()(const std::set<T>& all) {
    end_number(all.size(), ' ');
    for (const auto& x : all)
      (*this)(x);
  }
  template <class T>
  void operator()(const std::map<std::string, T>& all) {
    end_number(all.size(), ' ');
    for (const auto& [id, x] : all) {
      (*this)(id);
      (*this)(x);
    }
  }
  template <class Said>
  requires std::is_class_v<Said>
  void operator()(const Said& x);

private:
  template <std::integral T>
  void end_number(T x, char terminator) {
    char digits[24];
    auto* end = std::to_chars(digits, digits + sizeof digits, x).ptr;
    *end = terminator;
    out_.append(digits, end + 1);
  }

  std::string& out_;
};

class reader {
public:
  explicit reader(std::string_view text) : rest_{text} {}

  template <std::integral T>
  void operator()(T& x) {
    x = number<T>(' ');
  }
  void operator()(bool& x) { x = number<int>(' ') != 0; }
  void operator()(std::string& text) {
    const auto bytes = number<std::size_t>(':');
    if (bytes > rest_.size())
      fail();
    text = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
  }
  void operator()(timestamp& x) { x = timestamp{std::chrono::microseconds{number<std::int64_t>(' ')}}; }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(Enum& x) { x = static_cast<Enum>(number<std::uint8_t>(' ')); }
  template <class T>
  void operator()(std::optional<T>& x) {
    if (rest_.starts_with('~'))
      rest_.remove_prefix(1);
    else
      (*this)(x.emplace());
  }
  template <class T>
  void operator()(std::set<T>& all) {
    for (auto left = count(); left > 0; --left) {
      auto x = T{};
      (*this)(x);
      all.insert(std::move(x));
    }
  }
  template <class T>
  void operator()(std::map<std::string, T>& all) {
    for (auto left = count(); left > 0; --left) {
      auto id = std::string{};
      (*this)(id);
      (*this)(all[std::move(id)]);
    }
  }
  template <class Said>
  requires std::is_class_v<Said>
  void operator()(Said& x);

  void expect_version() {
    if (!rest_.starts_with(version))
      fail();
    rest_.remove_prefix(1);
  }
  void expect_end() const {
    if (!rest_.empty())
      fail();
  }

private:
  template <std::integral T>
  T number(char terminator) {
    auto x = T{};
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), x);
    if (error != std::errc{} || end == rest_.data() + rest_.size() || *end != terminator)
      fail();
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()) + 1);
    return x;
  }

  std::size_t count() {
    const auto elements = number<std::size_t>(' ');
    if (elements > elements_max)
      fail();
    return elements;
  }

  [[noreturn]] void fail() const {
    throw std::runtime_error{"facts of a donation that this version cannot read, " + std::to_string(rest_.size()) +
                             " bytes before the end"};
  }

  std::string_view rest_;
};

/// The members of each kind of fact, in the order of the text.
template <class Visit, class X>
void visit_members(Visit& visit, X& x) {
  using plain = std::remove_const_t<X>;
  if constexpr (std::is_same_v<plain, said_text>) {
    visit(x.rank), visit(x.at), visit(x.text);
  } else if constexpr (std::is_same_v<plain, said_amount>) {
    visit(x.rank), visit(x.at), visit(x.amount), visit(x.currency);
  } else if constexpr (std::is_same_v<plain, said_failure>) {
    visit(x.at), visit(x.reason);
  } else if constexpr (std::is_same_v<plain, said_refund>) {
    visit(x.state), visit(x.at), visit(x.made_at), visit(x.amount);
  } else if constexpr (std::is_same_v<plain, said_dispute>) {
    visit(x.closed), visit(x.at), visit(x.status);
  } else if constexpr (std::is_same_v<plain, refunded_total>) {
    visit(x.at), visit(x.amount);
  } else {
    static_assert(std::is_same_v<plain, donation_facts>);
    visit(x.objects), visit(x.from_user), visit(x.to_user), visit(x.rule), visit(x.amount), visit(x.paid_at), visit(x.charged_at);
    visit(x.failure), visit(x.refunded_totals), visit(x.refunds), visit(x.disputes), visit(x.livemode);
  }
}

template <class Said>
requires std::is_class_v<Said>
void writer::operator()(const Said& x) {
  visit_members(*this, x);
}

template <class Said>
requires std::is_class_v<Said>
void reader::operator()(Said& x) {
  visit_members(*this, x);
}

} // namespace

std::string encode_facts(const donation_facts& facts) {
  auto out = std::string{version};
  writer{out}(facts);
  return out;
}

donation_facts decode_facts(std::string_view text) {
  auto in = reader{text};
  auto out = donation_facts{};
  in.expect_version();
  in(out);
  in.expect_end();
  return out;
}

} // namespace ingot::stripe
