"""Subjects of commits as queries: what a commit does, without tickets, and none of those that say nothing."""

from __future__ import annotations

import re

_BOT = re.compile(
    r"\[bot\]|\bbot$|^(?:dependabot|renovate|pre-commit|github-actions?|greenkeeper|pyup|snyk|weblate|imgbot|mergify|bors"
    r"|homu|travis|transifex|copybara)\b",
    re.IGNORECASE,
)
_IDLE_START = re.compile(
    r"""(?:
        reverts?|reverting|back\s?out|bump(?:s|ed|ing)?|wip|fixup!|squash!|amend!|re-?format\w*|lint\w*|changelog|nits?
      | pre-?commit|cherry[- ]?pick\w*|backport\w*|auto-?generated?|automatic\s\w+|appease|pep-?8|pep257|typos?|oops
      | merged?\s(?:pull|branch|remote|tag|pr|changes|from|into?|with|upstream|master|main|\#)
      | releas\w+\s(?:v?\d|notes|version|candidate)|(?:prepare|preparing|preparation|start|begin|back|ready)\s
        (?:for|to)?\s?(?:the\s|next\s)*(?:release|v?\d|dev)|post-?release
      | (?:initial|first)\s(?:commit|import|checkin|version|revision)|import\sof\s|sync(?:ed)?\s(?:with|from|to)\s
      | (?:set|update|increment|change|new)\s(?:the\s)?version|v?\d+\.\d+[\w.]*(?:\s|$)
      | (?:run|apply|use|ran|applied)\s(?:black|isort|ruff|prettier|clang-format|gofmt|pyupgrade|2to3|rustfmt|autopep8)
      | (?:address|apply|applied|incorporate)\w*\s.*(?:review|feedback|suggestions?|comments?)
      | update[sd]?\s(?:the\s)?(?:dep\w*|readme\S*|change\s?log\S*|docs?|documentation|copyright|licen\w+|tests?|history
        |news|authors|contributors|submodules?|requirements|translations?)\b
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
# Words of which none says what part of the program is meant: "fix a few more typos", "add unit tests for this".
_IDLE = """
    a an the in up to and for of this that it its here now again on from with by some more few other several various
    another missing unused dead unnecessary redundant trailing extra broken failing small minor misc further old last
    unit new better cosmetic stuff thing code variable typo spelling lint linter linting whitespace indent indentation
    format formatting test testcase testing case build ci style doc docstring documentation comment warning merge pep8
    flake8 mypy pyflakes pylint eslint clippy bug error issue grammar import review changelog change hint typing type
    annotation work fix fixing fixup improvement improve cleanup clean cleaning tweak refactor refactoring coverage
    copyright license licence version example black isort ruff update updating add adding added remove removing
    removed delete deleted correct silence suppress ignore rewrite expand simplify tidy polish sort nit cosmetics missed
    wrong fixed improved updated cleaned refactored corrected simplified changed moved move rename renamed pr readme
    rework reworked reword rewording wording method function class file module fixture line
    all any complaint golint correcting misspelled misspelling mistake word wordings compiler spell spellcheck
"""
_IDLE_WORDS = frozenset(_IDLE.split())
_MOST_LETTERS = 300
_WORD = re.compile(r"[^\W_]+")
_IDLE_TYPE = re.compile(
    r"^(?:chore|docs?|style|ci|build|tests?|release|deps|revert|wip|lint|typing|bench|examples?)(?:\([^()]*\))?!?:",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"""^(?:
        (?:feat(?:ure)?|fix|bugfix|perf|refactor|improve(?:ment)?|enhance(?:ment)?|enh|bug|hotfix|impl|internal)
          (?:\([^()]*\))?!?:\s*
      | \[[^\[\]]{1,40}\]:?\s*  | \((?:\#|gh-?|issue\s)?\d+\):?\s*
      | (?:(?:fix(?:es|ed)?|close[sd]?|resolve[sd]?|refs?|re|see|issue|bug|ticket|pr|for)\s*:?\s*)?
          (?:\#|gh-|bpo-|issue\s?\#?)\d+
          (?:\s*(?:,|and|&)\s*\#\d+)*\s*(?:--?|:|–|—|,|\.)?\s*
      | [A-Z][A-Z0-9]+-\d+\s*(?:--?|:|–|—)?\s*  | :[a-z_]+:\s*
    )+""",
    re.IGNORECASE | re.VERBOSE,
)
_REFERENCE = re.compile(
    r"""[\s,;:.(\[-]*(?:\b(?:this\s|which\s)?(?:fix(?:es|ed)?|close[sd]?|resolve[sd]?|refs?|see|re|via|from|pr|in|for|issues?|bug|ticket|gh)\b
        [\s:]*)*(?:\#|\bgh-|\bbpo-|\bissue\s\#?|\bPR\s)\d+(?:\s*(?:,|and|&)\s*\#?\d+)*[)\]]*""",
    re.IGNORECASE | re.VERBOSE,
)


def query_of_subject(subject: str, *, author: str = "") -> str:
    """What a commit does, in words; "" for what programs commit, and for what says nothing of functions."""
    if len(subject) > _MOST_LETTERS:
        return ""
    if _BOT.search(author) or "[bot]" in subject or "pre-commit" in subject.lower():
        return ""
    text = " ".join(subject.split())
    if _IDLE_TYPE.match(text) or text.endswith(("…", "...")):
        return ""
    text = _REFERENCE.sub("", _PREFIX.sub("", text)).strip(" .,;:-–—")
    return "" if _IDLE_START.match(text) or _is_idle(text) else text


def _is_idle(text: str) -> bool:
    found = [word.casefold() for word in _WORD.findall(text)]
    telling = [word for word in found if word not in _IDLE_WORDS and word.removesuffix("s") not in _IDLE_WORDS]
    return len(found) < 2 or not telling
