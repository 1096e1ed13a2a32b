#include "model/mcp/json_schema.hpp"

#include "model/json_members.hpp"
#include "model/json_text.hpp"
#include "model/json_write.hpp"
#include "model/mcp/json_schema_node.hpp"

#include <algorithm>
#include <optional>

namespace ingot::mcp {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using keyword = schema_problem::keyword;

constexpr std::size_t found_bytes_max = 80;

std::size_t characters_of(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// As a person would say what stands there: `"latest"`, `a number`.
std::string name_of(element x) {
  switch (x.type()) {
  case element_type::STRING: {
    auto out = std::string{};
    append_json_string(out, cut_for_echo(x.get_string().value_unsafe(), found_bytes_max));
    return out;
  }
  case element_type::OBJECT:
    return "an object";
  case element_type::ARRAY:
    return "an array";
  case element_type::BOOL:
    return x.get_bool().value_unsafe() ? "true" : "false";
  case element_type::NULL_VALUE:
    return "null";
  case element_type::INT64:
  case element_type::UINT64:
  case element_type::DOUBLE:
    break;
  }
  return "a number";
}

std::string listed(const std::vector<std::string>& words, std::string_view around) {
  auto out = std::string{};
  for (auto i = std::size_t{0}; i < words.size(); ++i) {
    out += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
    (out += around) += words[i];
    out += around;
  }
  return out;
}

std::string article(const std::string& noun) {
  return (std::string_view{"aeiou"}.find(noun.front()) == std::string_view::npos ? "a " : "an ") + noun;
}

} // namespace

/// One pass of a document through a schema.
class schema_check {
public:
  using node = json_schema::node;
  using problems = std::vector<schema_problem>;

  schema_check(problems* into, std::size_t problems_max) : into_(into), problems_max_(problems_max) {}

  /// @returns whether `x` is valid. Without a list to write to it ends at the first problem.
  bool valid(const node& schema, element x, const json_place& at) {
    if (schema.ref != nullptr)
      return valid(*schema.ref, x, at);
    if (!schema.always)
      return complain([&] { return told{at.pointer(), "found " + name_of(x) + ", and nothing may stand here", {}}; });
    if (schema.type && x.type() != *schema.type)
      return complain([&] {
        return told{at.pointer(), "found " + name_of(x) + ", expected " + article(schema.type_name), schema.description,
                    keyword::type};
      });
    auto good = true;
    for (const auto part : {&schema_check::text, &schema_check::members, &schema_check::elements, &schema_check::combined}) {
      good = (this->*part)(schema, x, at) && good;
      if (!good && into_ == nullptr)
        return false;
    }
    return good;
  }

private:
  /// `make` is asked only for what is told.
  bool complain(const auto& make) {
    if (into_ != nullptr && into_->size() < problems_max_)
      into_->push_back(make());
    return false;
  }
  using told = schema_problem;

  bool text(const node& schema, element x, const json_place& at) {
    auto text = std::string_view{};
    if (x.get(text) != simdjson::SUCCESS)
      return schema.values.empty() || complain([&] { return other_value(schema, x, at); });
    const auto fails = [&](const std::string& expected, keyword broken) {
      return complain([&] {
        return told{at.pointer(), "found " + name_of(x) + ", expected " + expected, schema.description, broken};
      });
    };
    if (!schema.values.empty() && std::find(schema.values.begin(), schema.values.end(), text) == schema.values.end())
      return complain([&] { return other_value(schema, x, at); });
    if (!length(schema, text, at))
      return false;
    if (schema.pattern && !RE2::PartialMatch(re2::StringPiece{text.data(), text.size()}, *schema.pattern))
      return fails("a text that matches " + schema.pattern_text, keyword::pattern);
    if (schema.is_uri && !is_uri(text))
      return fails("an absolute URI", keyword::format);
    return true;
  }

  static told other_value(const node& schema, element x, const json_place& at) {
    const auto* one_of = schema.values.size() > 1 ? "one of " : "";
    return {at.pointer(), "found " + name_of(x) + ", expected " + one_of + listed(schema.values, "\""), schema.description,
            keyword::value, schema.values};
  }

  bool length(const node& schema, std::string_view text, const json_place& at) {
    const auto fails = [&](std::size_t count, const char* bound, std::size_t limit) {
      return complain([&] {
        return told{at.pointer(),
                    "found " + std::to_string(count) + " characters, expected " + bound + " " + std::to_string(limit),
                    schema.description, keyword::length};
      });
    };
    if (text.size() <= schema.length_max && schema.length_min == 0)
      return true; // there are no more characters than bytes
    const auto count = characters_of(text);
    if (count < schema.length_min)
      return fails(count, "at least", schema.length_min);
    if (count > schema.length_max)
      return fails(count, "at most", schema.length_max);
    return true;
  }

  bool members(const node& schema, element x, const json_place& at) {
    auto object = simdjson::dom::object{};
    if (x.get(object) != simdjson::SUCCESS)
      return true;
    auto good = true;
    for (const auto& name : schema.required)
      if (object.at_key(name).error() != simdjson::SUCCESS) {
        good = complain([&] {
          const auto* wanted = schema.property(name);
          while (wanted != nullptr && wanted->ref != nullptr)
            wanted = wanted->ref;
          return told{at.pointer(),
                      "the member `" + name + "` is absent, and expected",
                      wanted == nullptr ? schema.description : wanted->description,
                      keyword::required,
                      {name}};
        });
      }
    if (schema.properties.empty() && schema.additional == nullptr)
      return good;
    for (const auto member : object) {
      if (!good && (into_ == nullptr || into_->size() >= problems_max_))
        break;
      const auto* known = schema.property(member.key);
      const auto place = json_place{&at, member.key, std::nullopt};
      if (known != nullptr)
        good = valid(*known, member.value, place) && good;
      else if (schema.additional != nullptr)
        good =
            (schema.additional->always ? valid(*schema.additional, member.value, place) : unknown_member(schema, place)) && good;
    }
    return good;
  }

  bool unknown_member(const node& schema, const json_place& at) {
    return complain([&] {
      auto names = std::vector<std::string>{};
      for (const auto& [name, ignored] : schema.properties)
        names.push_back(name);
      return told{at.pointer(), "found a member of this name, expected none but " + listed(names, "`"), schema.description};
    });
  }

  bool elements(const node& schema, element x, const json_place& at) {
    auto array = simdjson::dom::array{};
    if (schema.items == nullptr || x.get(array) != simdjson::SUCCESS)
      return true;
    auto good = true;
    auto index = std::size_t{0};
    for (const auto each : array) {
      if (!good && (into_ == nullptr || into_->size() >= problems_max_))
        break;
      good = valid(*schema.items, each, json_place{&at, {}, index++}) && good;
    }
    return good;
  }

  bool combined(const node& schema, element x, const json_place& at) {
    auto good = true;
    for (const auto* each : schema.all_of)
      good = valid(*each, x, at) && good;
    if (!schema.any_of.empty() && std::none_of(schema.any_of.begin(), schema.any_of.end(), [&](const node* each) {
          return schema_check{nullptr, 0}.valid(*each, x, at);
        })) {
      good = false;
      if (into_ != nullptr)
        explain(schema, x, at);
    }
    if (schema.inverse != nullptr && schema_check{nullptr, 0}.valid(*schema.inverse, x, at))
      good = complain([&] {
        return told{at.pointer(), "found " + name_of(x) + ", expected anything else", schema.description, keyword::value};
      });
    return good;
  }

  /// None of the alternatives fits: tells what is wrong with the one that was meant, or what they all ask for.
  void explain(const node& schema, element x, const json_place& at) {
    constexpr std::size_t told_of_each_max = 8;
    auto all = std::vector<problems>{};
    for (const auto* each : schema.any_of)
      schema_check{&all.emplace_back(), told_of_each_max}.valid(*each, x, at);
    if (auto one = of_one_keyword(schema, all)) {
      complain([&] { return std::move(*one); });
      return;
    }
    const auto here = at.pointer();
    const auto is_another = [&](const problems& list) {
      return std::any_of(list.begin(), list.end(), [&](const schema_problem& each) {
        return each.broken == keyword::value && each.pointer.find('/', here.size() + 1) == std::string::npos;
      });
    };
    const auto meant = std::min_element(all.begin(), all.end(), [&](const problems& a, const problems& b) {
      return std::pair{is_another(a), a.size()} < std::pair{is_another(b), b.size()};
    });
    for (auto& each : *meant)
      complain([&] { return std::move(each); });
  }

  /// What all alternatives say of the same place in the same way: expected values, or members.
  static std::optional<schema_problem> of_one_keyword(const node& schema, const std::vector<problems>& all) {
    const auto first_of = [&](const problems& list, const schema_problem* like) -> const schema_problem* {
      for (const auto& each : list)
        if (each.broken == keyword::value && !each.expected.empty() && (like == nullptr || each.pointer == like->pointer))
          return &each;
      return list.size() == 1 && list.front().broken == keyword::required &&
                     (like == nullptr || like->broken == keyword::required)
                 ? &list.front()
                 : nullptr;
    };
    const auto* first = first_of(all.front(), nullptr);
    if (first == nullptr)
      return std::nullopt;
    auto out = *first;
    out.expected.clear();
    for (const auto& list : all) {
      const auto* each = first_of(list, first);
      if (each == nullptr || each->broken != first->broken)
        return std::nullopt;
      for (const auto& word : each->expected)
        if (std::find(out.expected.begin(), out.expected.end(), word) == out.expected.end())
          out.expected.push_back(word);
    }
    out.hint = schema.description;
    out.message = first->broken == keyword::required ? "the member " + listed(out.expected, "`") + " is absent, and expected"
                                                     : first->message.substr(0, first->message.find(", expected ")) +
                                                           ", expected one of " + listed(out.expected, "\"");
    return out;
  }

  problems* into_;
  std::size_t problems_max_;
};

std::vector<schema_problem> json_schema::check(element document, std::size_t problems_max) const {
  const auto top = json_place{};
  if (schema_check{nullptr, 0}.valid(*root_, document, top))
    return {};
  auto out = std::vector<schema_problem>{};
  schema_check{&out, problems_max}.valid(*root_, document, top);
  return out;
}

} // namespace ingot::mcp
