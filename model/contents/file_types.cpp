#include "model/contents/file_types.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

namespace ingot::contents {

namespace {

struct row {
  std::string_view names; ///< extensions (`.py`) in lower case, whole file names, and interpreters (`#python`)
  file_type type;
};

// clang-format off
constexpr auto rows = std::to_array<row>({
    // Languages of programs.
    {".c .idc", {"text/x-c", "C"}},
    {".h", {"text/x-c", "C"}},
    {".cpp .cc .cxx .c++ .hpp .hh .hxx .h++ .ipp .tpp .inl", {"text/x-c++", "C++"}},
    {".cs .csx", {"text/x-csharp", "C#"}},
    {".java", {"text/x-java", "Java"}},
    {".kt .kts", {"text/x-kotlin", "Kotlin"}},
    {".scala .sbt .sc", {"text/x-scala", "Scala"}},
    {".groovy .gradle .gvy jenkinsfile", {"text/x-groovy", "Groovy"}},
    {".clj .cljs .cljc .edn", {"text/x-clojure", "Clojure"}},
    {".py .pyw .pyi .pyx .wsgi sconstruct sconscript wscript #python", {"text/x-python", "Python"}},
    {".ipynb", {"application/x-ipynb+json", "Jupyter Notebook"}},
    {".rb .rake .gemspec .ru .podspec rakefile gemfile vagrantfile podfile guardfile brewfile #ruby", {"text/x-ruby", "Ruby"}},
    {".php .phtml .php3 .php4 .php5 .phps .module .inc .install .theme .engine .profile #php", {"text/x-php", "PHP"}},
    {".pl .pm .pod .al .psgi #perl", {"text/x-perl", "Perl"}},
    {".raku .rakumod .p6 #raku", {"text/x-raku", "Raku"}},
    {".js .mjs .cjs .jsx .es6 jakefile #node #deno #bun", {"text/javascript", "JavaScript"}},
    {".ts .mts .cts", {"text/x-typescript", "TypeScript"}},
    {".tsx", {"text/x-typescript", "TSX"}},
    {".vue", {"text/x-vue", "Vue"}},
    {".svelte", {"text/x-svelte", "Svelte"}},
    {".astro", {"text/x-astro", "Astro"}},
    {".coffee .litcoffee cakefile #coffee", {"text/x-coffeescript", "CoffeeScript"}},
    {".go", {"text/x-go", "Go"}},
    {"go.mod go.work", {"text/x-go-mod", "Go Module"}},
    {"go.sum go.work.sum", {"text/plain", "Go Checksums"}},
    {".rs", {"text/x-rust", "Rust"}},
    {".swift", {"text/x-swift", "Swift"}},
    {".m", {"text/x-objective-c", "Objective-C"}},
    {".mm", {"text/x-objective-c++", "Objective-C++"}},
    {".d .di", {"text/x-d", "D"}},
    {".zig .zon", {"text/x-zig", "Zig"}},
    {".nim .nims .nimble", {"text/x-nim", "Nim"}},
    {".v .vh", {"text/x-verilog", "Verilog"}},
    {".sv .svh", {"text/x-systemverilog", "SystemVerilog"}},
    {".vhd .vhdl", {"text/x-vhdl", "VHDL"}},
    {".hs .lhs #runhaskell", {"text/x-haskell", "Haskell"}},
    {".cabal", {"text/x-cabal", "Cabal"}},
    {".ml .mli .mll .mly", {"text/x-ocaml", "OCaml"}},
    {".fs .fsi .fsx", {"text/x-fsharp", "F#"}},
    {".vb .vbs .bas", {"text/x-vb", "Visual Basic"}},
    {".pas .pp .dpr .lpr", {"text/x-pascal", "Pascal"}},
    {".ada .adb .ads", {"text/x-ada", "Ada"}},
    {".f .for .f77 .f90 .f95 .f03 .f08", {"text/x-fortran", "Fortran"}},
    {".cob .cbl .cpy", {"text/x-cobol", "COBOL"}},
    {".erl .hrl rebar.config #escript", {"text/x-erlang", "Erlang"}},
    {".ex .exs mix.lock #elixir", {"text/x-elixir", "Elixir"}},
    {".elm", {"text/x-elm", "Elm"}},
    {".purs", {"text/x-purescript", "PureScript"}},
    {".dart", {"text/x-dart", "Dart"}},
    {".lua .rockspec #lua", {"text/x-lua", "Lua"}},
    {".jl #julia", {"text/x-julia", "Julia"}},
    {".r .rprofile #rscript", {"text/x-r", "R"}},
    {".rmd .qmd", {"text/x-r-markdown", "RMarkdown"}},
    {".matlab", {"text/x-matlab", "MATLAB"}},
    {".lisp .lsp .cl .asd #sbcl", {"text/x-common-lisp", "Common Lisp"}},
    {".el .emacs", {"text/x-emacs-lisp", "Emacs Lisp"}},
    {".scm .ss .sld #guile", {"text/x-scheme", "Scheme"}},
    {".rkt #racket", {"text/x-racket", "Racket"}},
    {".pro .prolog", {"text/x-prolog", "Prolog"}},
    {".tcl .tk #tclsh #wish", {"text/x-tcl", "Tcl"}},
    {".asm .s .nasm", {"text/x-asm", "Assembly"}},
    {".cu .cuh", {"text/x-cuda", "CUDA"}},
    {".opencl", {"text/x-opencl", "OpenCL"}},
    {".glsl .vert .frag .geom .comp .tesc .tese", {"text/x-glsl", "GLSL"}},
    {".hlsl .fx", {"text/x-hlsl", "HLSL"}},
    {".wgsl", {"text/x-wgsl", "WGSL"}},
    {".wat .wast", {"text/x-webassembly", "WebAssembly"}},
    {".sol", {"text/x-solidity", "Solidity"}},
    {".cr #crystal", {"text/x-crystal", "Crystal"}},
    {".hx", {"text/x-haxe", "Haxe"}},
    {".gd", {"text/x-gdscript", "GDScript"}},
    {".vala .vapi", {"text/x-vala", "Vala"}},
    {".st", {"text/x-smalltalk", "Smalltalk"}},
    {".apex .cls", {"text/x-apex", "Apex"}},
    {".feature", {"text/x-gherkin", "Gherkin"}},
    {".sh .bash .zsh .ksh .ebuild .bashrc .bash_profile .zshrc pkgbuild #sh #bash #zsh #ksh #dash", {"text/x-shellscript", "Shell"}},
    {".fish #fish", {"text/x-fish", "fish"}},
    {".ps1 .psm1 .psd1 #pwsh", {"text/x-powershell", "PowerShell"}},
    {".bat .cmd", {"text/x-batchfile", "Batchfile"}},
    {".awk #awk #gawk", {"text/x-awk", "Awk"}},
    {".sed #sed", {"text/x-sed", "sed"}},
    {".vim .vimrc", {"text/x-vim", "Vim Script"}},
    {".sql .ddl .dml .pgsql .psql", {"application/sql", "SQL"}},
    {".graphql .gql .graphqls", {"application/graphql", "GraphQL"}},
    {".proto", {"text/x-protobuf", "Protocol Buffer"}},
    {".thrift", {"text/x-thrift", "Thrift"}},
    {".tf .tfvars .hcl .nomad", {"text/x-hcl", "HCL"}},
    {".nix", {"text/x-nix", "Nix"}},
    {".bzl .bazel .star build workspace build.bazel tiltfile", {"text/x-starlark", "Starlark"}},
    {".cmake cmakelists.txt", {"text/x-cmake", "CMake"}},
    {".mk .mak .make makefile gnumakefile #make", {"text/x-makefile", "Makefile"}},
    {".dockerfile .containerfile dockerfile containerfile", {"text/x-dockerfile", "Dockerfile"}},
    {".ninja", {"text/x-ninja", "Ninja"}},
    {"meson.build meson_options.txt", {"text/x-meson", "Meson"}},
    {".m4 .ac .am configure.ac", {"text/x-m4", "M4"}},
    {"justfile .just", {"text/x-just", "Just"}},
    // Documents and what is shown.
    {".html .htm .xhtml", {"text/html", "HTML"}},
    {".twig", {"text/x-twig", "Twig"}},
    {".jinja .jinja2 .j2", {"text/x-jinja", "Jinja"}},
    {".erb", {"text/x-erb", "HTML+ERB"}},
    {".ejs", {"text/x-ejs", "EJS"}},
    {".hbs .handlebars .mustache", {"text/x-handlebars", "Handlebars"}},
    {".haml", {"text/x-haml", "Haml"}},
    {".pug .jade", {"text/x-pug", "Pug"}},
    {".liquid", {"text/x-liquid", "Liquid"}},
    {".css", {"text/css", "CSS"}},
    {".scss", {"text/x-scss", "SCSS"}},
    {".sass", {"text/x-sass", "Sass"}},
    {".less", {"text/x-less", "Less"}},
    {".styl", {"text/x-stylus", "Stylus"}},
    {".md .markdown .mdown .mkd contributing.md", {"text/markdown", "Markdown"}},
    {".mdx", {"text/mdx", "MDX"}},
    {".rst .rest", {"text/x-rst", "reStructuredText"}},
    {".adoc .asciidoc", {"text/asciidoc", "AsciiDoc"}},
    {".org", {"text/org", "Org"}},
    {".tex .ltx .sty .dtx", {"text/x-tex", "TeX"}},
    {".bib", {"text/x-bibtex", "BibTeX"}},
    {".rtf", {"text/rtf", ""}},
    {".1 .2 .3 .4 .5 .6 .7 .8 .man .roff", {"text/troff", "Roff"}},
    {".po .pot", {"text/x-gettext-translation", "Gettext Catalog"}},
    {".diff .patch", {"text/x-diff", "Diff"}},
    {".txt .text readme license copying authors changelog notice install news todo", {"text/plain", "Text"}},
    {".log", {"text/plain", ""}},
    // Data.
    {".json .json5 .jsonc .webmanifest .geojson .topojson .map composer.lock .babelrc .eslintrc .prettierrc", {"application/json", "JSON"}},
    {".jsonl .ndjson", {"application/x-ndjson", "JSON"}},
    {".jsonld", {"application/ld+json", "JSONLD"}},
    {".yml .yaml .clang-format .clang-tidy", {"application/yaml", "YAML"}},
    {".toml cargo.lock poetry.lock pipfile", {"application/toml", "TOML"}},
    {".ini .cfg .conf .cnf .properties .prefs .desktop .service .editorconfig .gitconfig .npmrc .env", {"text/x-ini", "INI"}},
    {".xml .xsd .xsl .xslt .rss .atom .plist .csproj .vcxproj .fsproj .vbproj .props .targets .resx .xaml .wsdl .pom .kml .gpx", {"application/xml", "XML"}},
    {".dtd", {"application/xml-dtd", "DTD"}},
    {".csv", {"text/csv", "CSV"}},
    {".tsv", {"text/tab-separated-values", "TSV"}},
    {".gitignore .gitattributes .gitmodules .dockerignore .npmignore .mailmap codeowners", {"text/plain", "Git Config"}},
    {".svg", {"image/svg+xml", "SVG"}},
    {".puml .plantuml", {"text/x-plantuml", "PlantUML"}},
    {".dot .gv", {"text/vnd.graphviz", "Graphviz"}},
    {".ttl", {"text/turtle", "Turtle"}},
    {".pem .crt .cer", {"application/x-pem-file", ""}},
    {".lock", {"text/plain", ""}},
    // Pictures, sound, film, type.
    {".png", {"image/png", ""}},
    {".apng", {"image/apng", ""}},
    {".jpg .jpeg .jpe", {"image/jpeg", ""}},
    {".gif", {"image/gif", ""}},
    {".webp", {"image/webp", ""}},
    {".avif", {"image/avif", ""}},
    {".heic", {"image/heic", ""}},
    {".bmp", {"image/bmp", ""}},
    {".ico", {"image/vnd.microsoft.icon", ""}},
    {".tif .tiff", {"image/tiff", ""}},
    {".psd", {"image/vnd.adobe.photoshop", ""}},
    {".mp3", {"audio/mpeg", ""}},
    {".wav", {"audio/wav", ""}},
    {".ogg .oga .opus", {"audio/ogg", ""}},
    {".flac", {"audio/flac", ""}},
    {".mp4 .m4v", {"video/mp4", ""}},
    {".webm", {"video/webm", ""}},
    {".mov", {"video/quicktime", ""}},
    {".avi", {"video/x-msvideo", ""}},
    {".woff", {"font/woff", ""}},
    {".woff2", {"font/woff2", ""}},
    {".ttf", {"font/ttf", ""}},
    {".otf", {"font/otf", ""}},
    {".eot", {"application/vnd.ms-fontobject", ""}},
    // Archives, programs, documents of offices.
    {".pdf", {"application/pdf", ""}},
    {".ps .eps", {"application/postscript", "PostScript"}},
    {".zip", {"application/zip", ""}},
    {".gz .tgz", {"application/gzip", ""}},
    {".bz2", {"application/x-bzip2", ""}},
    {".xz", {"application/x-xz", ""}},
    {".zst", {"application/zstd", ""}},
    {".7z", {"application/x-7z-compressed", ""}},
    {".rar", {"application/vnd.rar", ""}},
    {".tar", {"application/x-tar", ""}},
    {".jar .war .ear", {"application/java-archive", ""}},
    {".class", {"application/java-vm", ""}},
    {".pyc", {"application/x-python-code", ""}},
    {".wasm", {"application/wasm", ""}},
    {".exe .dll", {"application/vnd.microsoft.portable-executable", ""}},
    {".so .o .a", {"application/octet-stream", ""}},
    {".sqlite .sqlite3 .db", {"application/vnd.sqlite3", ""}},
    {".parquet", {"application/vnd.apache.parquet", ""}},
    {".doc", {"application/msword", ""}},
    {".xls", {"application/vnd.ms-excel", ""}},
    {".ppt", {"application/vnd.ms-powerpoint", ""}},
    {".docx", {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", ""}},
    {".xlsx", {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ""}},
    {".pptx", {"application/vnd.openxmlformats-officedocument.presentationml.presentation", ""}},
    {".odt", {"application/vnd.oasis.opendocument.text", ""}},
    {".epub", {"application/epub+zip", ""}},
});
// clang-format on

constexpr auto name_bytes_max = std::size_t{64}; // no name of the table is longer

using index = std::unordered_map<std::string_view, const file_type*>;

const index& types() {
  static const auto all = [] {
    auto out = index{};
    for (const auto& x : rows)
      for (auto rest = x.names; !rest.empty();) {
        const auto end = std::min(rest.find(' '), rest.size());
        out.emplace(rest.substr(0, end), &x.type);
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    return out;
  }();
  return all;
}

const file_type* find(std::string_view name) {
  const auto found = types().find(name);
  return found == types().end() ? nullptr : found->second;
}

std::string in_lower_case(std::string_view x) {
  auto out = std::string{x};
  for (auto& c : out)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

} // namespace

const file_type* type_by_name(std::string_view path) {
  const auto slash = path.rfind('/');
  const auto last = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const auto name = in_lower_case(last.substr(last.size() - std::min(last.size(), name_bytes_max)));
  if (const auto* found = name.size() == last.size() ? find(name) : nullptr)
    return found;
  const auto dot = name.rfind('.');
  return dot == std::string::npos ? nullptr : find(std::string_view{name}.substr(dot));
}

const file_type* type_by_interpreter(std::string_view first) {
  if (!first.starts_with("#!"))
    return nullptr;
  auto line = first.substr(2, std::min(first.find('\n'), std::size_t{256}) - 2);
  // The last word that is no option: `/usr/bin/env -S python3 -u`; of `/bin/sh -e` the first.
  auto name = std::string_view{};
  while (!line.empty()) {
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos)
      break;
    line.remove_prefix(begin);
    const auto end = std::min(line.find_first_of(" \t\r"), line.size());
    auto word = line.substr(0, end);
    line.remove_prefix(end);
    if (word.starts_with('-') || word.find('=') != std::string_view::npos)
      continue;
    word.remove_prefix(word.rfind('/') + 1); // npos + 1 is 0
    name = word;
    if (name != "env")
      break;
  }
  name = name.substr(0, name.find_last_not_of("0123456789.") + 1); // python3.11
  return name.empty() || name.size() > name_bytes_max ? nullptr : find("#" + in_lower_case(name));
}

} // namespace ingot::contents
