"""Parses the text after ``/audience-check``: what to check, and who sees the answer."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from guard.core.errors import UsageError
from guard.core.model import Selection
from guard.core.text import did_you_mean, printable, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.core.model import Rules

LONGEST_TEXT = 2_000
"""Characters; a button holds no more (https://docs.slack.dev/reference/block-kit/block-elements/button-element)."""

_HINT = "type /audience-check without a name to see what you can ask for"
_HISTORY_HINT = "type /audience-check history NAME"
_KINDS = ("campaign", "segment", "tag")
_OPTIONS = ("--campaign", "--segment", "--tag", "--all")
_TAKEN = ("share", "help", "history")  # words that are not names
_MOST_NAMED = 3
_QUOTES = str.maketrans("“”„‘’", '"""\'\'')  # noqa: RUF001 - quotation marks as phones type them
_DASH = re.compile(r"^[—–](?=\w)")  # noqa: RUF001 - two hyphens as phones type them
_SPLITS = re.compile(r"[\s\"'\\]|^$")  # a word with one of these needs quotation marks


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCommand:
    """What to check, and whether the channel sees the answer.

    An empty ``selection`` means everything. None asks for help, or for the ``history`` of a segment.
    """

    selection: Selection | None
    history: str | None = None
    share: bool = False
    words: str = ""  # the same command without ``share``


def parse(text: str, rules: Rules) -> ParsedCommand:
    """Return the parsed command; raises ``UsageError``, with the nearest names, for an unknown name."""
    words = _split(text)
    if [word.lower() for word in words] in ([], ["help"]):
        return ParsedCommand(selection=None)
    known = names(rules)
    if words[0].lower() == "history":
        return _history(words[1:], known)
    chosen: dict[str, set[str]] = {kind: set() for kind in _KINDS}
    asked: list[str] = []
    share = everything = False
    rest = iter(words)
    for word in rest:
        if word.lower() == "share":
            share = True
            continue
        asked.append(word)
        if word == "--all":
            everything = True
            continue
        kind, key = _option(word, rest, known) if word.startswith("--") else _named(word, known)
        chosen[kind].add(key)
        asked[-1:] = [f"--{kind}", key] if word.startswith("--") else [key]
    if everything == any(chosen.values()):
        raise UsageError("--all takes no other names" if everything else "there is nothing to check", hint=_HINT)
    return ParsedCommand(
        selection=Selection(**{f"{kind}s": tuple(sorted(keys)) for kind, keys in chosen.items()}),
        share=share,
        words=" ".join(_quoted(word) for word in asked),
    )


def _history(words: list[str], known: dict[str, list[str]]) -> ParsedCommand:
    """Return the command for ``history KEY``, where the key may follow ``--segment`` as elsewhere."""
    keys: list[str] = []
    share = False
    rest = iter(words)
    for word in rest:
        if word.lower() == "share":
            share = True
        elif word.startswith("--"):
            kind, key = _option(word, rest, known)
            if kind != "segment":
                raise UsageError(f"history is of a segment, not of a {kind}", hint=_HISTORY_HINT)
            keys.append(key)
        else:
            keys.append(_found(word, known["segment"]) or _refuse("no segment", word, known["segment"]))
    if len(keys) != 1:
        raise UsageError("history needs the name of one segment", hint=_HISTORY_HINT)
    return ParsedCommand(selection=None, history=keys[0], share=share)


def names(rules: Rules) -> dict[str, list[str]]:
    """Return the keys of every campaign and segment, and every tag, by kind."""
    return {
        "campaign": [each.key for each in rules.campaigns],
        "segment": [each.key for each in rules.segments],
        "tag": sorted({tag for each in rules.segments for tag in each.tags}),
    }


def as_typed(kind: str, key: str, known: dict[str, list[str]]) -> str:
    """Return what to type for the key, with quotation marks and with its kind where it needs them."""
    others = [each for each in _KINDS if each != kind and _found(key, known[each])]
    if others or key.lower() in _TAKEN or key.startswith("--"):
        return f"--{kind} {_quoted(key)}"
    return _quoted(key)


def _quoted(word: str) -> str:
    if not _SPLITS.search(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _split(text: str) -> list[str]:
    if len(text) > LONGEST_TEXT:
        raise UsageError(f"that is more than {LONGEST_TEXT:,} characters", hint="ask for a campaign or a tag instead")
    try:
        return [_DASH.sub("--", word) for word in shlex.split(text.translate(_QUOTES))]
    except ValueError:
        raise UsageError("a quotation mark is not closed", hint=_HINT) from None


def _option(word: str, rest: Iterator[str], known: dict[str, list[str]]) -> tuple[str, str]:
    """Return the kind and the key of ``--tag KEY`` or ``--tag=KEY``."""
    kind, _, key = word.removeprefix("--").partition("=")
    if kind not in _KINDS:
        raise UsageError(
            f"there is no --{printable(shortened(kind, 50))}{did_you_mean(f'--{kind}', _OPTIONS)}",
            hint="there are --campaign, --segment, --tag and --all",
        )
    key = key or next(rest, "")
    if not key:
        raise UsageError(f"--{kind} needs a {kind} after it", hint=_HINT)
    return kind, _found(key, known[kind]) or _refuse(f"no {kind}", key, known[kind])


def _named(word: str, known: dict[str, list[str]]) -> tuple[str, str]:
    """Return the kind and the key of the only thing with this name."""
    exact = {kind: word for kind in _KINDS if word in known[kind]}
    found = exact or {kind: key for kind in _KINDS if (key := _found(word, known[kind]))}
    if len(found) > 1:
        ways = " or ".join(f"--{kind} {_quoted(key)}" for kind, key in found.items())
        raise UsageError(f'"{printable(word)}" is a {" and a ".join(found)}', hint=f"write {printable(ways)}")
    for kind, key in found.items():
        return kind, key
    every = (key for keys in known.values() for key in keys)
    return _refuse("nothing", word, list(dict.fromkeys([*every, "--all", *_TAKEN])))


def _found(word: str, keys: list[str]) -> str | None:
    """Return the key itself, or the only one that differs just in capitals and quotation marks, as phones type them."""
    if word in keys:
        return word
    alike = [key for key in keys if _plain(key) == _plain(word)]
    return alike[0] if len(alike) == 1 else None


def _plain(text: str) -> str:
    return text.translate(_QUOTES).lower()


def _refuse(what: str, word: str, known: list[str]) -> NoReturn:
    shown = f'{what} is called "{printable(shortened(word, 100))}"'
    raise UsageError(shown + did_you_mean(word, known, most=_MOST_NAMED), hint=_HINT)
