"""Which language a file is in, and what we must know of each: endings, grammar, query, comment marks, conventions.

All facts are data in one table. A grammar is imported when its first file is parsed. The language of the queries in
``queries/`` is described in ``units``.
"""

from __future__ import annotations

import functools
import importlib
import importlib.resources
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter

_SLASHES = ("//",)
_STARS = (("/*", "*/"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What sets one language apart.

    Attributes:
        id: our name of the language, stored and shown.
        suffixes: endings of its files, lower case, with the dot.
        file_names: whole names of its files that have no telling ending.
        interpreters: programs whose ``#!`` line marks a file of the language.
        grammar: name of the grammar's package.
        grammar_function: the function of the package that hands out the grammar.
        queries: stems of the files in ``queries/`` that make its query, in their order; empty for the id alone.
        line_comments: what starts a comment that ends with its line.
        block_comments: what opens and closes a comment of many lines.
        constructors: names that make a method a constructor.
        class_named_constructor: a method named like its class is a constructor.
        has_methods: functions in a type are methods, also those that the query calls functions.
        late_ends: a node may end after the comments that stand above its successor.
        doc_below: what opens a comment that may be the documentation of what stands above it; "" for none.
        xml_docs: documentation is written in XML elements.
        merge_adjacent: neighbours of one name and kind are clauses of one function.
        name_separators: split a name that is written as a path, as in ``A::b``.
    """

    id: str
    suffixes: tuple[str, ...]
    grammar: str
    queries: tuple[str, ...] = ()
    grammar_function: str = "language"
    file_names: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()
    line_comments: tuple[str, ...] = _SLASHES
    block_comments: tuple[tuple[str, str], ...] = _STARS
    constructors: tuple[str, ...] = ()
    class_named_constructor: bool = False
    has_methods: bool = True
    late_ends: bool = False
    doc_below: str = ""
    xml_docs: bool = False
    merge_adjacent: bool = False
    name_separators: tuple[str, ...] = ()


_TABLE = (
    Language(
        id="python",
        suffixes=(".py", ".pyi", ".pyw"),
        file_names=("SConstruct", "SConscript", "wscript"),
        interpreters=("python", "python2", "python3", "pypy", "pypy3"),
        grammar="tree_sitter_python",
        line_comments=("#",),
        block_comments=(),
        constructors=("__init__", "__new__"),
    ),
    Language(
        id="javascript",
        suffixes=(".js", ".jsx", ".mjs", ".cjs"),
        file_names=("Jakefile",),
        interpreters=("node", "nodejs", "deno", "bun"),
        grammar="tree_sitter_javascript",
        queries=("ecmascript", "javascript"),
        constructors=("constructor",),
    ),
    Language(
        id="typescript",
        suffixes=(".ts", ".mts", ".cts"),
        interpreters=("ts-node", "tsx"),
        grammar="tree_sitter_typescript",
        grammar_function="language_typescript",
        queries=("ecmascript", "typescript"),
        constructors=("constructor",),
    ),
    Language(
        id="tsx",
        suffixes=(".tsx",),
        grammar="tree_sitter_typescript",
        grammar_function="language_tsx",
        queries=("ecmascript", "typescript"),
        constructors=("constructor",),
    ),
    Language(id="java", suffixes=(".java",), grammar="tree_sitter_java", class_named_constructor=True),
    Language(id="go", suffixes=(".go",), grammar="tree_sitter_go"),
    Language(id="rust", suffixes=(".rs",), grammar="tree_sitter_rust"),
    Language(id="c", suffixes=(".c", ".h"), grammar="tree_sitter_c", queries=("c_family", "c")),
    Language(
        id="cpp",
        suffixes=(
            ".cpp",
            ".cc",
            ".cxx",
            ".c++",
            ".hpp",
            ".hh",
            ".hxx",
            ".h++",
            ".ipp",
            ".inl",
            ".tpp",
            ".cu",
            ".cuh",
        ),
        grammar="tree_sitter_cpp",
        queries=("c_family", "cpp"),
        class_named_constructor=True,
        name_separators=("::",),
    ),
    Language(
        id="csharp",
        suffixes=(".cs", ".csx"),
        grammar="tree_sitter_c_sharp",
        xml_docs=True,
        class_named_constructor=True,
    ),
    Language(
        id="ruby",
        suffixes=(".rb", ".rake", ".gemspec", ".ru", ".podspec"),
        file_names=("Rakefile", "Gemfile", "Vagrantfile", "Guardfile", "Capfile", "Podfile", "Fastfile", "Brewfile"),
        interpreters=("ruby", "jruby"),
        grammar="tree_sitter_ruby",
        line_comments=("#",),
        block_comments=(("=begin", "=end"),),
        constructors=("initialize",),
        name_separators=("::",),
    ),
    Language(
        id="php",
        suffixes=(".php", ".phtml", ".php5", ".php7", ".phps"),
        interpreters=("php",),
        grammar="tree_sitter_php",
        grammar_function="language_php",
        line_comments=("//", "#"),
        constructors=("__construct",),
    ),
    Language(
        id="kotlin",
        suffixes=(".kt", ".kts"),
        grammar="tree_sitter_kotlin",
        constructors=("constructor",),
    ),
    Language(id="swift", suffixes=(".swift",), grammar="tree_sitter_swift", constructors=("init",)),
    Language(
        id="scala",
        suffixes=(".scala", ".sc", ".sbt"),
        interpreters=("scala", "scala-cli"),
        grammar="tree_sitter_scala",
        late_ends=True,
        constructors=("this",),
    ),
    Language(
        id="lua",
        suffixes=(".lua", ".luau", ".rockspec"),
        interpreters=("lua", "luajit"),
        grammar="tree_sitter_lua",
        line_comments=("--",),
        block_comments=(("--[[", "]]"), ("--[=[", "]=]"), ("--[==[", "]==]")),
        name_separators=(".", ":"),
    ),
    Language(
        id="bash",
        suffixes=(".sh", ".bash", ".zsh", ".ksh", ".bats", ".ebuild"),
        file_names=(".bashrc", ".bash_profile", ".bash_aliases", ".profile", ".zshrc", "PKGBUILD", "APKBUILD"),
        interpreters=("sh", "bash", "dash", "zsh", "ksh", "ash"),
        grammar="tree_sitter_bash",
        line_comments=("#",),
        block_comments=(),
        name_separators=("::",),
    ),
    Language(
        id="julia",
        class_named_constructor=True,
        suffixes=(".jl",),
        interpreters=("julia",),
        grammar="tree_sitter_julia",
        line_comments=("#",),
        block_comments=(("#=", "=#"),),
        name_separators=(".",),
    ),
    Language(
        id="haskell",
        suffixes=(".hs", ".hs-boot", ".hsc"),
        interpreters=("runhaskell", "runghc", "stack"),
        grammar="tree_sitter_haskell",
        line_comments=("--",),
        block_comments=(("{-", "-}"),),
        merge_adjacent=True,
    ),
    Language(
        id="ocaml",
        suffixes=(".ml",),
        interpreters=("ocaml",),
        grammar="tree_sitter_ocaml",
        grammar_function="language_ocaml",
        has_methods=False,
        doc_below="(**",
        line_comments=(),
        block_comments=(("(*", "*)"),),
    ),
    Language(
        id="ocaml_interface",
        suffixes=(".mli",),
        grammar="tree_sitter_ocaml",
        grammar_function="language_ocaml_interface",
        has_methods=False,
        doc_below="(**",
        line_comments=(),
        block_comments=(("(*", "*)"),),
    ),
    Language(
        id="elixir",
        suffixes=(".ex", ".exs"),
        interpreters=("elixir",),
        grammar="tree_sitter_elixir",
        has_methods=False,
        line_comments=("#",),
        block_comments=(),
        merge_adjacent=True,
    ),
    Language(id="zig", suffixes=(".zig",), grammar="tree_sitter_zig", block_comments=()),
)

LANGUAGES: dict[str, Language] = {language.id: language for language in _TABLE}
"""Every language by its id."""

_BY_SUFFIX = {suffix: language for language in _TABLE for suffix in language.suffixes}
_BY_FILE_NAME = {name: language for language in _TABLE for name in language.file_names}
_BY_INTERPRETER = {name: language for language in _TABLE for name in language.interpreters}

_SHEBANG = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+|\w+=\S*\s+)*)?(?:\S*/)?([A-Za-z][\w+-]*?)[\d.]*(?:\s|$)")
_CPP_SIGN = re.compile(
    rb"^\s*(?:class\s+\w|namespace\b|template\s*<|using\s+\w|public:|private:|protected:)|\w::\w|\bconstexpr\b|"
    rb"^#\s*include\s*<[a-z_]+>",
    re.MULTILINE,
)


def language_of(path: str, first_line: str = "") -> Language | None:
    """The language of a file by its name, else by its ``#!`` line; None when we have no grammar for it.

    A ``.h`` file is C here; ``refine`` tells by its text whether it is C++.
    """
    name = PurePath(path).name
    suffix = PurePath(path).suffix.lower()
    if name.endswith((".C", ".H")):  # by an old custom, capitals are C++
        return LANGUAGES["cpp"]
    found = _BY_SUFFIX.get(suffix) or _BY_FILE_NAME.get(name)
    if found is None and first_line.startswith("#!"):
        match = _SHEBANG.match(first_line)
        found = _BY_INTERPRETER.get(match.group(1)) if match else None
    return found


def refine(language: Language, path: str, text: bytes) -> Language:
    """The same language, but C++ for a ``.h`` file that looks like C++."""
    if language.id == "c" and path.endswith(".h") and _CPP_SIGN.search(text[:200_000]):
        return LANGUAGES["cpp"]
    return language


@functools.cache
def grammar_of(language: Language) -> tree_sitter.Language:
    """The grammar, imported on first use."""
    import tree_sitter

    package = importlib.import_module(language.grammar)
    return tree_sitter.Language(getattr(package, language.grammar_function)())


@functools.cache
def query_of(language: Language) -> tree_sitter.Query:
    """The compiled query that finds the units of the language."""
    import tree_sitter

    folder = importlib.resources.files("vizsla.parsing").joinpath("queries")
    stems = language.queries or (language.id,)
    source = "\n".join(folder.joinpath(f"{stem}.scm").read_text(encoding="utf-8") for stem in stems)
    return tree_sitter.Query(grammar_of(language), source)
