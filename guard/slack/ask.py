"""What somebody typed behind ``/audience-check``: what to check, and who is to see the answer."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.errors import UsageError
from guard.model import Selection
from guard.words import did_you_mean, nearest, printable, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.model import Rules

LONGEST_TEXT = 2_000
"""Characters, as many as a button holds (https://docs.slack.dev/reference/block-kit/block-elements/button-element)."""

_HINT = "/audience-check alone lists what you can ask for"
_KINDS = ("campaign", "segment", "tag")
_MOST_NAMED = 3
_QUOTES = str.maketrans("“”„‘’", '"""\'\'')  # noqa: RUF001 - what phones make of quotation marks
_DASH = re.compile(r"^[—–](?=\w)")  # noqa: RUF001 - and of two hyphens


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What to check (an empty selection is everything, None asks for help), and whether the channel is to see it.

    ``words`` ask for the same again, without ``share``.
    """

    selection: Selection | None
    share: bool = False
    words: str = ""


def parse(text: str, rules: Rules) -> Ask:
    """Return what was asked for; raises ``UsageError``, with the nearest names, for what the rules do not hold."""
    words = _split(text)
    if [word.lower() for word in words] in ([], ["help"]):
        return Ask(selection=None)
    known = {
        "campaign": [each.key for each in rules.campaigns],
        "segment": [each.key for each in rules.segments],
        "tag": sorted({tag for each in rules.segments for tag in each.tags}),
    }
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
        elif word.startswith("--"):
            kind, key = _option(word, rest)
            asked[-1:] = [f"--{kind}", key]
            _refuse_unknown(kind, key, known[kind])
            chosen[kind].add(key)
        else:
            chosen[_kind_of(word, known)].add(word)
    if everything == any(chosen.values()):
        raise UsageError("--all stands alone" if everything else "there is nothing to check in that", hint=_HINT)
    return Ask(
        selection=Selection(
            segments=tuple(sorted(chosen["segment"])),
            tags=tuple(sorted(chosen["tag"])),
            campaigns=tuple(sorted(chosen["campaign"])),
        ),
        share=share,
        words=shlex.join(asked),
    )


def _split(text: str) -> list[str]:
    if len(text) > LONGEST_TEXT:
        raise UsageError(f"that is more than {LONGEST_TEXT:,} characters", hint="ask for a campaign or a tag instead")
    try:
        return [_DASH.sub("--", word) for word in shlex.split(text.translate(_QUOTES))]
    except ValueError:
        raise UsageError("a quotation mark is not closed", hint=_HINT) from None


def _option(word: str, rest: Iterator[str]) -> tuple[str, str]:
    """Return the kind and the key of ``--tag KEY`` or ``--tag=KEY``."""
    name, _, key = word.removeprefix("--").partition("=")
    if name not in _KINDS:
        raise UsageError(
            f"there is no --{printable(shortened(name, 50))}{did_you_mean(name, _KINDS)}",
            hint="there are --campaign, --segment, --tag and --all",
        )
    key = key or next(rest, "")
    if not key:
        raise UsageError(f"--{name} needs the {name} behind it", hint=_HINT)
    return name, key


def _kind_of(word: str, known: dict[str, list[str]]) -> str:
    """Return the one kind of thing that is called so."""
    kinds = [kind for kind in _KINDS if word in known[kind]]
    if len(kinds) > 1:
        ways = " or ".join(f"--{kind} {word}" for kind in kinds)
        raise UsageError(f'"{printable(word)}" is a {" and a ".join(kinds)}', hint=f"write {printable(ways)}")
    if not kinds:
        every = list(dict.fromkeys(key for keys in known.values() for key in keys))
        raise _unknown("nothing", word, every)
    return kinds[0]


def _refuse_unknown(kind: str, key: str, known: list[str]) -> None:
    if key not in known:
        raise _unknown(f"no {kind}", key, known)


def _unknown(what: str, word: str, known: list[str]) -> UsageError:
    shown = f'{what} is called "{printable(shortened(word, 100))}"'
    by_lower_case = {key.lower(): key for key in known}
    close = [by_lower_case[each] for each in nearest(word.lower(), by_lower_case, most=_MOST_NAMED)]
    quoted = " or ".join(f'"{printable(each)}"' for each in close)
    return UsageError(f"{shown}; did you mean {quoted}?" if close else shown, hint=_HINT)
