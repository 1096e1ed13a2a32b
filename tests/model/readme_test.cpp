#include "model/mcp/readme.hpp"

#include "model/json_text.hpp"
#include "tests/model/recorded.hpp"

#include <algorithm>
#include <set>

using namespace ingot;
using namespace ingot::mcp;
using namespace ingot::testing;

namespace {

const auto base =
    readme_base{"https://github.com/owner/name/blob/main/", "https://raw.githubusercontent.com/owner/name/main/", {}};

std::string html(std::string_view markdown) {
  return read_readme(markdown, base).sanitized_html;
}

/// What is wrong with a page that must be harmless, read as a browser reads it: every `<` begins a tag of the list, with
/// attributes of the list, and every URL has a scheme of the list. Empty: nothing is.
std::string fault_of(const std::string& page) {
  static const auto tags =
      std::set<std::string>{"p",  "br",  "hr",   "h1", "h2",     "h3",  "h4",    "h5", "h6", "blockquote", "ul", "ol",
                            "li", "pre", "code", "em", "strong", "del", "table", "tr", "th", "td",         "a",  "img"};
  static const auto attributes =
      std::set<std::string>{"id", "class", "start", "align", "href", "rel", "title", "src", "alt", "loading", "referrerpolicy"};
  for (auto at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    auto i = at + 1 + (page[at + 1] == '/');
    auto name = std::string{};
    while (std::isalnum(static_cast<unsigned char>(page[i])))
      name += page[i++];
    if (!tags.contains(name))
      return "tag at: " + page.substr(at, 60);
    while (page[i] == ' ') {
      auto attribute = std::string{};
      for (++i; page[i] != '=' && page[i] != '>' && i < page.size(); ++i)
        attribute += page[i];
      if (!attributes.contains(attribute) || page.compare(i, 2, "=\"") != 0)
        return "attribute at: " + page.substr(at, 80);
      const auto end = page.find('"', i + 2);
      const auto value = page.substr(i + 2, end - i - 2);
      const auto schemes = attribute == "src" ? std::vector<std::string>{"https://"}
                                              : std::vector<std::string>{"https://", "http://", "mailto:", "#readme-"};
      const auto fits = [&](const auto& x) { return value.starts_with(x); };
      if ((attribute == "src" || attribute == "href") && std::none_of(schemes.begin(), schemes.end(), fits))
        return "URL at: " + page.substr(at, 80);
      if (attribute == "id" && !value.starts_with("readme-"))
        return "id at: " + page.substr(at, 80);
      if (attribute == "class" && !value.starts_with("language-"))
        return "class at: " + page.substr(at, 80);
      i = end + 1;
    }
    if (page[i] != '>')
      return "end of tag at: " + page.substr(at, 80);
    at = i;
  }
  return {};
}

std::string recorded_readme(const std::string& name) {
  const auto file = shared_data() / "mcp/readmes" / (name + ".README.md");
  if (std::filesystem::exists(file))
    return bytes_of(file);
  WARN("not found, so not shown here: the README of " << name);
  return {};
}

std::string repeated(std::string_view x, std::size_t bytes) {
  auto out = std::string{};
  while (out.size() < bytes)
    out += x;
  return out;
}

} // namespace

TEST_CASE("model: a README's title, summary, headings, snippets and licence are found") {
  const auto x = read_readme("[![npm](https://img.shields.io/npm/v/x.svg)](https://example.org/x)\n\n# The *weather* server\n\n"
                             "[Docs](docs/) | [More](more.md)\n\nIt tells the `weather`\nto [you](https://example.org).\n\n"
                             "## Install\n\n```sh\n$ npx -y weather\n```\n\n```json\n{\"mcpServers\": {\"weather\": {}}}\n```\n\n"
                             "```python\nprint(1)\n```\n\n    docker run weather\n\n## Licence\n\nUnder the MIT licence.\n",
                             base);
  CHECK(x.title == "The weather server");
  CHECK(x.summary == "It tells the weather to you.");
  REQUIRE(x.headings.size() == 3);
  CHECK(x.headings[1].level == 2);
  CHECK(x.headings[1].text == "Install");
  REQUIRE(x.snippets.size() == 3);
  CHECK(x.snippets[0].kind == snippet_kind::npx);
  CHECK(x.snippets[0].language == "sh");
  CHECK(x.snippets[1].kind == snippet_kind::client_config);
  CHECK(x.snippets[1].text == "{\"mcpServers\": {\"weather\": {}}}\n");
  CHECK(x.snippets[2].kind == snippet_kind::docker);
  CHECK(x.licence == "MIT");
  CHECK(x.languages == std::vector<std::string>{"json", "python", "sh"});
  REQUIRE(x.images.size() == 1);
  CHECK(x.images[0].badge);
  CHECK(x.images[0].alt == "npm");
  REQUIRE(x.links.size() == 4);
  CHECK(x.links[1].url == "https://github.com/owner/name/blob/main/docs");
  CHECK_FALSE(x.truncated);
}

TEST_CASE("model: the commands that install a server are told apart") {
  const auto kind = [](std::string code) {
    const auto x = read_readme("```\n" + code + "\n```\n");
    return x.snippets.empty() ? std::string{"none"} : std::string{to_string(x.snippets[0].kind)};
  };
  CHECK(kind("API_KEY=abc npx -y server") == "npx");
  CHECK(kind("# first\nenv KEY=1 uvx server") == "uvx");
  CHECK(kind("docker run -i --rm image") == "docker");
  CHECK(kind("docker build .") == "none");
  CHECK(kind("python3 -m pip install x") == "pip");
  CHECK(kind("claude mcp add x -- npx x") == "other");
  CHECK(kind("npxx server") == "none");
  CHECK(kind("{\"servers\": {\"a\": {\"command\": \"npx\"}}}") == "client_config");
  CHECK(kind("fmt.Println(1)") == "none");
}

TEST_CASE("model: a title and pictures are found in a README's raw HTML") {
  const auto x =
      read_readme("<div align=\"center\">\n  <h1>The <b>Tool</b> &amp; more</h1>\n  <a href='https://example.org/?a=1&amp;b=2'>"
                  "<img alt=\"a > b\" src=https://img.shields.io/badge/license-Apache--2.0-blue></a>\n</div>\n\nIt works.\n",
                  base);
  CHECK(x.title == "The Tool & more");
  CHECK(x.summary == "It works.");
  REQUIRE(x.images.size() == 1);
  CHECK(x.images[0].alt == "a > b");
  CHECK(x.licence == "Apache-2.0");
  REQUIRE(x.links.size() == 1);
  CHECK(x.links[0].url == "https://example.org/?a=1&b=2");
  CHECK(fault_of(x.sanitized_html).empty());
}

TEST_CASE("model: relative links of a README lead into its repository") {
  const auto at = [](std::string_view url) {
    auto inner = base;
    inner.folder = "packages/x/";
    const auto links = read_readme("[a](<" + std::string{url} + ">)", inner).links;
    return links.empty() ? std::string{} : links[0].url;
  };
  CHECK(at("docs/a b.md") == "https://github.com/owner/name/blob/main/packages/x/docs/a%20b.md");
  CHECK(at("./a.md#part") == "https://github.com/owner/name/blob/main/packages/x/a.md#part");
  CHECK(at("/a.md") == "https://github.com/owner/name/blob/main/a.md");
  CHECK(at("../../../../a.md") == "https://github.com/owner/name/blob/main/a.md");
  CHECK(at("//example.org/a") == "https://example.org/a");
  CHECK(at("HTTP://example.org/ä") == "HTTP://example.org/%C3%A4");
  CHECK(at("mailto:me@example.org") == "mailto:me@example.org");
  CHECK(at("https://github.com@example.org/").empty());
  CHECK(at("https://").empty());
  CHECK(read_readme("[a](b.md) ![c](d.png)").links.empty());
  CHECK(html("![p](img/a.png)").find("src=\"https://raw.githubusercontent.com/owner/name/main/img/a.png\"") != std::string::npos);
  CHECK(html("# Über uns!\n\n[there](#Über-uns)").find("<h1 id=\"readme-Über-uns\">") != std::string::npos);
  CHECK(html("# A b\n\n# A b\n\n[x](#a-b-1)") == "<h1 id=\"readme-a-b\">A b</h1>\n<h1 id=\"readme-a-b-1\">A b</h1>\n"
                                                 "<p><a href=\"#readme-a-b-1\" rel=\"nofollow noopener noreferrer\">x</a></p>\n");
}

TEST_CASE("model: a README is rendered as GitHub reads it") {
  CHECK(html("a *b* **c** ~~d~~ `<e>`\n") == "<p>a <em>b</em> <strong>c</strong> <del>d</del> <code>&lt;e&gt;</code></p>\n");
  CHECK(html("- [x] a\n- b\n") == "<ul><li>\u2611 a</li>\n<li>b</li>\n</ul>\n");
  CHECK(html("| a | b |\n|:-:|---|\n| 1 | `2` |\n") == "<table><tr><th align=\"center\">a</th>\n<th>b</th>\n</tr>\n<tr><td "
                                                       "align=\"center\">1</td>\n<td><code>2</code></td>\n</tr>\n</table>\n");
  CHECK(html("```js onload=\"x\"\n\"<&>\"\n```\n") ==
        "<pre><code class=\"language-js\">&quot;&lt;&amp;&gt;&quot;\n</code></pre>\n");
  CHECK(html("> a\n\n3. b\n") == "<blockquote><p>a</p>\n</blockquote>\n<ol start=\"3\"><li>b</li>\n</ol>\n");
}

TEST_CASE("model: a hostile README renders harmless") {
  for (const auto* x : {
           "<script>alert(1)</script>",
           "<img src=x onerror=alert(1)>",
           "a <img src=\"https://e.org/x\" onerror=\"alert(1)\"> b",
           "<svg/onload=alert(1)>",
           "<svg><script>alert(1)</script></svg>",
           "<iframe src=\"javascript:alert(1)\"></iframe>",
           "[a](javascript:alert(1))",
           "[a](JaVaScRiPt:alert(1))",
           "[a](&#106;avascript:alert(1))",
           "[a](&#x6A;avascript&colon;alert(1))",
           "[a](<java\tscript:alert(1)>)",
           "[a](<\x01javascript:alert(1)>)",
           "[a](< javascript:alert(1)>)",
           "[a](java&NewLine;script:alert(1))",
           "[a](vbscript:msgbox(1))",
           "[a](data:text/html;base64,PHNjcmlwdD4=)",
           "![a](data:image/svg+xml;base64,PHN2Zz4=)",
           "![a](javascript:alert(1))",
           "![a](http://e.org/x.png)",
           "<javascript:alert(1)>",
           "[a]: javascript:alert(1)\n\n[a]",
           "[a](https://e.org/\"onmouseover=\"alert(1))",
           "![\"onerror=\"alert(1)](https://e.org/x)",
           "[a](https://e.org 'x\" onclick=\"alert(1)')",
           "```\"><script>alert(1)</script>\nx\n```",
           "<a href=\"javascript:alert(1)\">x</a>",
           "<div>\n<a href=\"&#106;avascript:alert(1)\">x</a>\n</div>",
           "<div>\n<a href='java\nscript:alert(1)'>x</a>\n</div>",
           "<style>*{background:url(javascript:alert(1))}</style>",
           "<p style=\"position:fixed\">x</p>",
           "<!-- --!><script>alert(1)</script> -->",
           "<math><mtext><script>alert(1)</script></mtext></math>",
           "<form action=\"https://e.org\"><input name=password></form>",
           "<object data=\"javascript:alert(1)\">",
           "<base href=\"https://e.org/\">",
           "<meta http-equiv=refresh content=\"0;url=https://e.org\">",
           "<link rel=stylesheet href=\"https://e.org/x.css\">",
           "<div>\n<img src=\"https://e.org/x\" alt='\"><script>alert(1)</script>'>\n</div>",
           "# <script>alert(1)</script>",
           "# \" onclick=\"alert(1)",
           "| <script> | b |\n|---|---|\n| <img src=x onerror=alert(1)> | 2 |",
           "<details ontoggle=alert(1) open>",
           "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
           "<x onclick=alert(1)>y</x>",
           "[a](\\\\e.org\\x)",
           "[a](/\\e.org)",
           "<template><script>alert(1)</script></template>",
           "<a id=readme name=cookie>x</a>",
           "<div>\n<scr<script>ipt>alert(1)</scr</script>ipt>\n</div>",
           "<div>\n&lt;script&gt;alert(1)&lt;/script&gt;\n</div>",
           "\xff\xfe<script>",
           "[a](https://[::1]:99999/)",
           "<a\nhref=javascript:alert(1)>x</a>",
       }) {
    const auto page = html(x);
    INFO(x);
    CHECK(fault_of(page) == "");
  }
  CHECK(html("<script>alert(1)</script>").empty());
  CHECK(html("a <img src=\"https://e.org/x\" onerror=\"alert(1)\"> b") ==
        "<p>a <img src=\"https://e.org/x\" alt=\"\" loading=\"lazy\" referrerpolicy=\"no-referrer\"> b</p>\n");
  CHECK(html("[a](javascript:alert(1))") == "<p>a</p>\n");
}

TEST_CASE("model: law 5: no README takes long or much, however it is made") {
  // Each kept cmark, or our own walk, busy for seconds or ate memory without the limits.
  for (const auto* unit : {"[",         "![",   "*a _b ", "**x [",  "`",  "> ",   "- ",       "* * ",    "<a ",    "<!--", "&",
                           "[a](",      "![l",  "_ a",    "a**b",   "| ", "~~a ", "[a]: b\n", "> a\n",   "<x>\n",  "1. ",  "\\[",
                           "<div>\n\n", "[^1]", "www.a",  "a@b.c ", "|-", "\t",   "]",        "![a](b)", "[a][a] "}) {
    INFO(unit);
    const auto x = read_readme(repeated(unit, 1'000'000), base);
    CHECK(x.truncated);
    CHECK(fault_of(x.sanitized_html) == "");
    CHECK(x.sanitized_html.size() <= readme_html_bytes_max + 1'000);
  }
  auto deep = std::string{};
  for (auto i = 0; i < 700; ++i)
    deep += std::string(static_cast<std::size_t>(i) * 2, ' ') + "- a\n";
  CHECK(fault_of(read_readme(deep, base).sanitized_html) == "");
  const auto wide = repeated("|a", 2'000) + "\n" + repeated("|-", 2'000) + "\n" + repeated("|\n", 100'000);
  CHECK(read_readme(wide, base).truncated);
  const auto grows = "[a]: https://example.org/" + std::string(1'900, 'x') + "\n\n" + repeated("[a] ", 200'000);
  CHECK(read_readme(grows, base).sanitized_html.size() <= readme_html_bytes_max + 1'000);
}

TEST_CASE("model: real READMEs are read") {
  struct expectation {
    const char *name, *title, *summary, *licence;
    std::size_t snippets_min;
  };
  for (const auto& x :
       {expectation{"io.github.domdomegg__airtable-mcp-server", "airtable-mcp-server",
                    "A Model Context Protocol server that provides read and write access to Airtable databases.", "", 0},
        {"io.github.ChromeDevTools__chrome-devtools-mcp", "Chrome DevTools for agents",
         "Chrome DevTools for agents (chrome-devtools-mcp) lets your coding agent", "", 1},
        {"io.github.firecrawl__firecrawl-mcp-server", "Firecrawl MCP Server",
         "A Model Context Protocol (MCP) server that brings Firecrawl to MCP-compatible AI agents", "MIT", 5},
        {"io.github.spences10__mcp-omnisearch", "mcp-omnisearch",
         "A Model Context Protocol (MCP) server that provides unified access to multiple search providers", "MIT", 2},
        {"io.github.brave__brave-search-mcp-server", "Brave Search MCP Server",
         "An MCP server implementation that integrates the Brave Search API", "MIT", 3},
        {"io.github.GLips__Figma-Context-MCP", "Framelink MCP for Figma", "Give Cursor and other AI-powered coding tools", "MIT",
         1}}) {
    const auto text = recorded_readme(x.name);
    if (text.empty())
      continue;
    INFO(x.name);
    const auto read = read_readme(text, base);
    CHECK(read.title == x.title);
    CHECK(read.summary.substr(0, std::string_view{x.summary}.size()) == x.summary);
    CHECK(read.licence == x.licence);
    CHECK(read.snippets.size() >= x.snippets_min);
    CHECK(fault_of(read.sanitized_html) == "");
    CHECK(find_bad_utf8(read.sanitized_html) == std::string_view::npos);
    CHECK_FALSE(read.truncated);
  }
}
