#include "model/crawl/changes.hpp"
#include "model/crawl/item_texts.hpp"
#include "model/crawl/items.hpp"
#include "model/crawl/new_source.hpp"
#include "model/web_url.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace ingot;
using namespace ingot::crawl;

namespace {

std::string item_text(const std::string& id, const std::string& title = "A title", const std::string& more = {}) {
  return R"({"externalId":")" + id + R"(","url":"https://example.org/)" + id + R"(","title":")" + title + '"' + more + '}';
}

std::string body_of(const std::string& items) {
  return R"({"sourceId":"partner","items":[)" + items + "]}";
}

submission parsed(const std::string& body, std::size_t items_max = 500) {
  auto out = parse_submission(body, items_max);
  if (const auto* why = std::get_if<failure>(&out)) {
    INFO(why->message << " " << (why->details.empty() ? "" : why->details.front().pointer + " " + why->details.front().message));
    FAIL();
  }
  return std::get<submission>(std::move(out));
}

failure refused(const std::string& body, std::size_t items_max = 500) {
  auto out = parse_submission(body, items_max);
  REQUIRE(std::holds_alternative<failure>(out));
  return std::get<failure>(std::move(out));
}

/// `/items/1/url invalid_fields` of the only error.
std::string only_error(const submission& x) {
  REQUIRE(x.errors.size() == 1);
  return x.errors.front().pointer + ' ' + std::string{x.errors.front().code};
}

std::string repeated(const std::string& text, std::size_t times) {
  auto out = std::string{};
  for (auto i = std::size_t{0}; i < times; ++i)
    out += text;
  return out;
}

const auto noon = *parse_rfc3339("2024-05-01T12:00:00Z");

} // namespace

TEST_CASE("crawl items are read with what they say") {
  const auto x = parsed(body_of(item_text("a", "Ä title", R"(,"summary":"words","raw":{ "k" : [1, 2.5, null] })") + ',' +
                                item_text("b", "B", R"(,"summary":null,"raw":null,"other":1)")));
  CHECK(x.source_id == "partner");
  REQUIRE(x.items.size() == 2);
  CHECK(x.items[0].external_id == "a");
  CHECK(x.items[0].url == "https://example.org/a");
  CHECK(x.items[0].title == "Ä title");
  CHECK(x.items[0].summary == "words");
  CHECK(x.items[0].raw == R"({"k":[1,2.5,null]})");
  CHECK(x.items[1].index == 1);
  CHECK_FALSE(x.items[1].summary);
  CHECK_FALSE(x.items[1].raw);
  CHECK(x.rejected == 0);
}

TEST_CASE("a bad crawl item is named with its place and does not take the others with it") {
  const auto good = item_text("good");
  const auto with = [&](const std::string& bad) { return parsed(body_of(good + ',' + bad)); };
  CHECK(only_error(with("7")) == "/items/1 invalid_fields");
  CHECK(only_error(with(R"({"externalId":"","url":"https://e.org","title":"t"})")) == "/items/1/externalId invalid_fields");
  CHECK(only_error(with(R"({"externalId":"x","url":"ftp://e.org","title":"t"})")) == "/items/1/url invalid_fields");
  CHECK(only_error(with(R"({"externalId":"x","url":"https://e.org"})")) == "/items/1/title invalid_fields");
  CHECK(only_error(with(R"({"externalId":7,"url":"https://e.org","title":"t"})")) == "/items/1/externalId invalid_fields");
  CHECK(only_error(with(item_text("x", "t", R"(,"summary":[])"))) == "/items/1/summary invalid_fields");
  const auto several = with(R"({"externalId":1,"url":2,"title":3})");
  CHECK(several.errors.size() == 3);
  CHECK(several.rejected == 1);
  CHECK(several.items.size() == 1);
}

TEST_CASE("law 5: every member of a crawl item has its limit, in characters") {
  const auto good = item_text("good");
  const auto errors = [&](const std::string& item) { return parsed(body_of(good + ',' + item)).errors.size(); };
  CHECK(errors(item_text("x", repeated("ä", title_size_max))) == 0);
  CHECK(errors(item_text("x", repeated("ä", title_size_max + 1))) == 1);
  CHECK(errors(item_text(repeated("i", external_id_size_max))) == 0);
  CHECK(errors(item_text(repeated("i", external_id_size_max + 1))) == 1);
  CHECK(errors(item_text("x", "t", R"(,"summary":")" + repeated("s", summary_size_max) + '"')) == 0);
  CHECK(errors(item_text("x", "t", R"(,"summary":")" + repeated("s", summary_size_max + 1) + '"')) == 1);
  CHECK(errors(item_text("x", "t", R"(,"raw":")" + repeated("r", raw_bytes_max - 2) + '"')) == 0);
  CHECK(errors(item_text("x", "t", R"(,"raw":")" + repeated("r", raw_bytes_max - 1) + '"')) == 1);
  CHECK(errors(item_text("x", "t", R"(,"raw":[1,)" + repeated(" ", raw_bytes_max) + "2]")) == 0);
  CHECK(errors(R"({"externalId":"x","title":"t","url":"https://e.org/)" + repeated("u", url_size_max - 14) + "\"}") == 0);
  CHECK(errors(R"({"externalId":"x","title":"t","url":"https://e.org/)" + repeated("u", url_size_max - 13) + "\"}") == 1);
}

TEST_CASE("what is wrong with a crawl request as a whole refuses it, with the place") {
  const auto places = [](const failure& why) {
    CHECK(why.code == fault::invalid_fields);
    auto all = std::string{};
    for (const auto& x : why.details)
      all += x.pointer + ' ';
    return all;
  };
  CHECK(places(refused("{")) == "byte 1 ");
  CHECK(places(refused("[]")) == "byte 0 ");
  CHECK(places(refused("{}")) == "/sourceId /items ");
  CHECK(places(refused(R"({"sourceId":7,"items":{}})")) == "/sourceId /items ");
  CHECK(places(refused(body_of(""))) == "/items ");
  CHECK(places(refused(body_of(item_text("a") + ',' + item_text("b")), 1)) == "/items ");
  CHECK(places(refused(body_of("1,{}"))) == "/items/0 /items/1/externalId /items/1/url /items/1/title ");
  CHECK(places(refused(R"({"sourceId":"a\u0000b","items":[]})")) == "/sourceId ");
}

TEST_CASE("law 6: an item that the database cannot keep is rejected alone, whatever is wrong with its text") {
  const auto deep = repeated("[", 63) + repeated("]", 63);
  for (const auto& [raw, pointer] : {std::pair{std::string{R"("a\u0000b")"}, "/items/1/raw"},
                                     {R"({"k":["\ud800"]})", "/items/1/raw/k/0"},
                                     {R"(1e999)", "/items/1/raw"},
                                     {R"(123456789012345678901234567890)", "/items/1/raw"}}) {
    const auto x = parsed(body_of(item_text("a") + ", " + item_text("b", "t", ",\"raw\":" + raw) + "\n," + item_text("c")));
    INFO(raw);
    CHECK(only_error(x) == pointer + std::string{" unstorable_text"});
    CHECK(x.items.size() == 2);
    CHECK(x.items[1].index == 2);
  }
  const auto x = parsed(body_of(item_text("a") + ',' + item_text("b", "t", ",\"raw\":" + deep)));
  CHECK(x.errors.size() == 1);
  CHECK(x.errors.front().code == "unstorable_text");
  CHECK(parsed(body_of(item_text("a", "b\xFF"
                                      "c") +
                       ',' + item_text("d")))
            .errors.size() == 1);
}

TEST_CASE("the items of a body are found by their brackets alone") {
  const auto bad = std::string{R"({"t":"\u0000"})"};
  const auto sifted = sift_items(R"({"x":{"items":[)" + bad + R"(]},"y":"items","items" : [ [1,{"q":"\"],["}] ,)" + bad +
                                 R"(],"z":[)" + bad + "]}");
  REQUIRE(sifted.errors.size() == 1);
  CHECK(sifted.errors[0].index == 1);
  CHECK(sifted.errors[0].pointer == "/items/1/t");
  CHECK(sifted.text == R"({"x":{"items":[)" + bad + R"(]},"y":"items","items" : [ [1,{"q":"\"],["}] ,null],"z":[)" + bad + "]}");
  for (const auto* odd : {"", "]", "}}}}", "[[[[", "\"", "\"\\", "{\"items\":[", "{\"items\":[}", "{\"items\":\"[\"}"})
    CHECK(sift_items(odd).text == odd);
}

TEST_CASE("law 4: of items with one external id in a request the last counts, and the others are named") {
  const auto x = parsed(body_of(item_text("a", "old") + ',' + item_text("b") + ',' + item_text("a", "new")));
  CHECK(only_error(x) == "/items/0/externalId duplicate");
  CHECK(x.rejected == 1);
  REQUIRE(x.items.size() == 2);
  CHECK(x.items[1].title == "new");
}

TEST_CASE("equal crawl items have equal hashes, and every member counts") {
  const auto hash = [](const std::string& more) { return parsed(body_of(item_text("a", "t", more))).items[0].content_hash; };
  CHECK(hash("").size() == 64);
  CHECK(hash("") == hash(R"(,"summary":null,"other":1)"));
  CHECK(hash(R"(,"raw":{"a":1})") == hash(R"(, "raw" : { "a" : 1 })"));
  auto all =
      std::vector{hash(""), hash(R"(,"summary":"")"), hash(R"(,"summary":"s")"), hash(R"(,"raw":"s")"), hash(R"(,"raw":1)")};
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
}

TEST_CASE("law 3: requests of one source that are committed together count as if they came one after the other") {
  const auto first = parsed(body_of(item_text("a", "1") + ',' + item_text("b", "1")));
  const auto second = parsed(body_of(item_text("a", "2") + ',' + item_text("b", "1") + ',' + item_text("c", "1")));
  const auto arrivals =
      std::vector<arrival>{{"partner", first.items, noon}, {"partner", second.items, noon}, {"other", first.items, noon}};
  const auto changes = decide(arrivals, {{"partner/a", first.items[0].content_hash}});
  REQUIRE(changes.counts.size() == 3);
  CHECK(changes.counts[0].created == 1);
  CHECK(changes.counts[0].unchanged == 1);
  CHECK(changes.counts[1].created == 1);
  CHECK(changes.counts[1].updated == 1);
  CHECK(changes.counts[1].unchanged == 1);
  CHECK(changes.counts[2].created == 2);
  auto refs = std::string{};
  for (const auto& x : changes.changed)
    refs += item_ref(x.source_id, x.what->external_id) + x.what->title + ' ';
  CHECK(refs == "other/a1 other/b1 partner/a2 partner/b1 partner/c1 ");
}

TEST_CASE("a URL that pages may link to is told from one that is none") {
  for (const auto* good : {"http://a", "HTTPS://Example.ORG:8080/p?q=1#f", "https://[::1]:80/", "https://bücher.example/ä?%C3%A4",
                           "https://a-b_c.d/~x;y=1,2!*'()@", "http://1.2.3.4"})
    CHECK(is_web_url(good));
  for (const auto* bad : {"",
                          "http://",
                          "http:///p",
                          "ftp://a",
                          "//a",
                          "a",
                          "javascript:alert(1)",
                          "http://a b",
                          "http://a/ b",
                          "http://a/\"",
                          "http://a/<b>",
                          "http://a/%",
                          "http://a/%4",
                          "http://a/%zz",
                          "http://u:p@a/",
                          "http://u@a",
                          "http://a:0",
                          "http://a:65536",
                          "http://a:",
                          "http://.a",
                          "http://a..b",
                          "http://[::1",
                          "http://[]",
                          "http://a\\b",
                          "http://a/\n",
                          "http:/a",
                          " http://a"})
    CHECK_FALSE(is_web_url(bad));
}

TEST_CASE("a new source is read from its body, and nothing else is") {
  CHECK(std::get<new_source>(parse_new_source(R"({"id":"a.B_9-","name":"A"})")).name == "A");
  for (const auto* bad : {"", "{}", R"({"id":7})", R"({"id":"a/b"})", R"({"id":""})", R"({"id":"a","nome":"b"})", "[]"})
    CHECK(std::holds_alternative<failure>(parse_new_source(bad)));
}
