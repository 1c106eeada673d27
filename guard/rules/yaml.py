"""Strict YAML: values with their places, and every problem with the file's form.

PyYAML's C parser gives events, and a small builder makes values from them. This keeps positions and finds duplicate
keys. Nothing here recurses, so deep brackets cannot exhaust the stack.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from guard.core.text import number, printable
from guard.rules.scalars import REFUSED, cut, cut_at_commas, cut_short, described, in_short, plain, rest_behind
from guard.rules.slips import UNFILLED, placeholder
from guard.rules.syntax import problem_in, syntax_problem
from guard.rules.tree import (
    MERGE,
    MOST_PROBLEMS,
    PART_OF_NUMBER,
    Anchored,
    Mapping,
    OddKey,
    Open,
    Place,
    Sequence,
    Tree,
    problem_at,
)

if TYPE_CHECKING:
    from guard.core.errors import Problem

DEEPEST = 20
MOST_NODES = 1_500_000
MOST_REPEATED = 10_000
MOST_TIMES = 30
NO_VALUE = "has no value: give it one, or leave it out"
_IN_QUOTES = '; text that begins with "#" needs quotes: without them it is a comment'
_CHARACTERS_OF_A_NODE = 100
_NO_KEY = "a key must be text; a mapping, a list or an empty value cannot be a key"
_TOO_DEEP = f"this is nested too deeply; at most {DEEPEST} levels are allowed"
_NO_TAGS = 'tags are not allowed here; remove what begins with "!"'

# The C parser forgets the tag "!" of a scalar, so we look for tags in the source.
_TAGGED = re.compile(r"(?:&\S+\s+)?!")
_COMMENT = re.compile(r"[ \t]+#[^\s#]")
_WHITE_AND_HASH = re.compile(r"[ \t]#")
# The C parser takes these as line breaks; YAML 1.2 and editors do not. So a comment could hide a rule.
_DOUBTFUL_BREAK = re.compile("[\x85\u2028\u2029]")


class UnreadableError(Exception):
    """The file cannot be read to its end; ``problems`` are those found so far."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__()
        self.problems = problems


def read_yaml(source: str) -> Tree:
    """Return the document; raise UnreadableError if the source is not YAML or is beyond the limits."""
    if found := _DOUBTFUL_BREAK.search(source):
        what = f"only some tools end a line at the character {printable(found[0])}; write it as an escape in quotes"
        raise UnreadableError([problem_in(source, found.start(), what)])
    builder = _Builder(source)
    try:
        builder.build()
    except yaml.YAMLError as error:
        problem = _too_deep_before(error, source) or syntax_problem(error, source)
        raise UnreadableError([*builder.problems, problem]) from error
    root = next(iter(builder.roots), None)
    return Tree(root=root, problems=builder.problems, nulls=builder.nulls)


def _too_deep_before(error: yaml.YAMLError, source: str) -> Problem | None:
    """Return the problem with brackets too deep for PyYAML, which reads them before the first event."""
    mark = getattr(error, "problem_mark", None)
    before = source[: mark.index] if mark else ""
    outside = len(before.rstrip("[{"))
    return problem_in(source, outside + DEEPEST, _TOO_DEEP) if len(before) - outside > DEEPEST else None


class _Builder:
    """Makes values from events. A refused value is reported and replaced by REFUSED."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.may_hold_tags = "!" in source
        self.may_cut = _WHITE_AND_HASH.search(source) is not None
        self.problems: list[Problem] = []
        self.nulls: list[Problem] = []
        self.anchors: dict[str, Anchored] = {}
        self.nodes = 0
        self.repeated = 0
        self.roots = Sequence((1, 1))
        self.stack = [Open(self.roots, 0, is_key=False)]

    def build(self) -> None:
        """Read every event, in one loop: a file of 10,000 segments has half a million."""
        get_event = _parser(self.source).get_event
        top = self.stack[-1]
        while True:
            event = get_event()
            kind = type(event)
            if kind is ScalarEvent:
                self.nodes += 1
                if top.key is None:
                    self.take_key(top, event)
                else:
                    self.take_value(top, self.scalar(event), _place(event))
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                top = self.open(top, event)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                closed, top = self.close()
                if not closed.is_key:
                    self.take_value(top, REFUSED if closed.is_placeholder else closed.node, closed.node.place)
            elif kind is AliasEvent:
                if top.key is None:
                    self.take_alias_as_key(top, event)
                else:
                    self.take_value(top, self.alias(top, event), _place(event))
            elif self.is_end(event):
                return

    def is_end(self, event: Any) -> bool:
        if isinstance(event, DocumentStartEvent) and self.roots:
            self.stop(_place(event), "a second document begins here; a file can hold only one")
        return isinstance(event, StreamEndEvent)

    def take_value(self, top: Open, value: Any, place: Place) -> None:
        if self.nodes > MOST_NODES:
            what = f"the file has more than {number(MOST_NODES)} values, with everything that aliases repeat"
            self.stop(place, what)
        node, key = top.node, top.key
        if isinstance(node, Sequence):
            node.append(value)
            node.places.append(place)
            top.key = len(node)
            return
        if type(key) is str:
            node[key] = value
            node.spans[key] = top.key_place + place
        elif key is MERGE:
            self.take_merged(top, value, place)
        top.key = None

    # Keys

    def take_key(self, top: Open, event: Any) -> None:
        text, place = event.value, _place(event)
        if self.may_cut and event.implicit[0] and text and (rest := self.rest_behind(event)):
            self.report(place, cut_short(text, rest))
        if event.anchor is not None:
            self.anchor(event, plain(text) if event.implicit[0] else text)
        if self.may_hold_tags and _TAGGED.match(self.source, event.start_mark.index):
            self.report(place, _NO_TAGS)
        if event.implicit[0] and text == "<<":
            if top.merged is not None:
                self.report(place, 'the key "<<" is here twice; write <<: [*one, *other]')
            top.merged = top.merged or []
            top.key = MERGE
        elif event.implicit[0] and plain(text) is None:
            self.refuse_key(top, place, 'a key is missing; a key that is called null needs quotes ("null")')
        elif text[:1].isdigit() and self.goes_on(top.node, event):
            top.key = PART_OF_NUMBER
        else:
            self.set_key(top, text, place)

    def goes_on(self, node: Mapping | Sequence, event: Any) -> bool:
        """Join a key to the number before it if a comma in braces separates them; return whether it did."""
        if not isinstance(node, Mapping) or not node:
            return False
        key, mark = next(reversed(node)), event.start_mark
        line, column = node.value_place(key)
        number_begins = mark.index - mark.column + column - 1
        if line != mark.line + 1 or (joined := cut_at_commas(self.source, number_begins, event.end_mark.index)) is None:
            return False
        node[key] = joined
        return True

    def set_key(self, top: Open, text: str, place: Place) -> None:
        node = top.node
        if isinstance(node, Mapping) and text in node:
            self.refuse_key(top, place, f"duplicate key; it is already in line {node.line(text)}", text)
        else:
            top.key, top.key_place = text, place

    def refuse_key(self, top: Open, place: Place, what: str, text: str = "?") -> None:
        top.key = OddKey(text)
        self.report(place, what)

    def take_alias_as_key(self, top: Open, event: Any) -> None:
        if self.alias(top, event) is REFUSED:
            top.key = OddKey("?")
            return
        anchored = self.anchors[event.anchor]
        if anchored.text is None or anchored.value is None:
            self.refuse_key(top, _place(event), _NO_KEY)
        else:
            self.set_key(top, anchored.text, _place(event))

    def take_merged(self, top: Open, value: Any, place: Place) -> None:
        sources = value if isinstance(value, Sequence) else [value]
        for each in sources:
            if isinstance(each, Mapping) and top.merged is not None:
                top.merged.append(each)
            elif each is not REFUSED:
                what = f"{described(each)} cannot be merged, only a mapping can; write <<: *name"
                self.report(place, what)

    # Values

    def scalar(self, event: Any) -> Any:
        value: Any = plain(event.value) if event.implicit[0] else event.value
        if self.may_hold_tags and _TAGGED.match(self.source, event.start_mark.index):
            self.report(_place(event), _NO_TAGS)
            value = REFUSED
        elif value is None and self.stack[-1].key is not PART_OF_NUMBER and not self.stack[-1].is_placeholder:
            is_past_its_line = not event.value and not event.start_mark.column
            place = self.stack[-1].key_place if is_past_its_line else _place(event)
            is_comment = not event.value and _COMMENT.match(self.source, event.end_mark.index)
            self.report(place, NO_VALUE + (_IN_QUOTES if is_comment else ""), self.nulls)
        elif self.may_cut and event.implicit[0] and isinstance(value, str) and (rest := self.rest_behind(event)):
            value = cut(value, rest)
        if event.anchor is not None:
            self.anchor(event, value)
        return value

    def rest_behind(self, event: Any) -> str:
        top = self.stack[-1]
        indent = top.node.place[1] - 1
        return rest_behind(self.source, event.end_mark.index, indent, in_brackets=top.in_brackets)

    def anchor(self, event: Any, value: Any) -> None:
        nodes = 1 + len(event.value) // _CHARACTERS_OF_A_NODE
        self.anchors[event.anchor] = Anchored(value=value, nodes=nodes, text=event.value)

    def open(self, top: Open, event: Any) -> Open:
        place = _place(event)
        if len(self.stack) > DEEPEST:
            self.stop(place, _TOO_DEEP)
        is_key = top.key is None
        begin = event.start_mark.index - 1
        unfilled = placeholder(self.source[begin : begin + 100]) if is_key and begin >= 0 else ""
        if is_key:
            self.refuse_key(top, place, f'"{in_short(unfilled)}" {UNFILLED}' if unfilled else _NO_KEY)
        if event.tag is not None:
            self.report(place, _NO_TAGS)
        node = Mapping(place) if type(event) is MappingStartEvent else Sequence(place)
        opened = Open(node, self.nodes, is_key=is_key, in_brackets=bool(event.flow_style))
        if unfilled:
            top.is_placeholder = opened.is_placeholder = True
        if event.anchor is not None:
            opened.anchor = event.anchor
            opened.anchored = self.anchors[event.anchor] = Anchored(is_open=True)
        self.nodes += 1
        self.stack.append(opened)
        return opened

    def close(self) -> tuple[Open, Open]:
        closed = self.stack.pop()
        top = self.stack[-1]
        closed.merge()
        top.height = max(top.height, closed.height + 1)
        name = closed.anchor
        if name is not None and self.anchors[name] is closed.anchored:  # not reused for a value inside it
            nodes = self.nodes - closed.nodes_before
            self.anchors[name] = Anchored(value=closed.node, nodes=nodes, height=closed.height + 1)
        return closed, top

    def alias(self, top: Open, event: Any) -> Any:
        name, place = in_short(event.anchor), _place(event)
        anchored = self.anchors.get(event.anchor)
        if anchored is None:
            self.report(place, f"*{name} is unknown: there is no &{name} above it")
            return REFUSED
        if anchored.is_open:
            self.report(place, f"*{name} is inside &{name}: a value cannot contain itself")
        self.nodes += anchored.nodes
        self.repeated += anchored.nodes
        if self.repeated > MOST_REPEATED + MOST_TIMES * (self.nodes - self.repeated):
            self.stop(place, f"the aliases up to here make the file more than {MOST_TIMES} times as large: use fewer")
        if len(self.stack) - 1 + anchored.height > DEEPEST:
            self.stop(place, _TOO_DEEP)
        top.height = max(top.height, anchored.height)
        return anchored.value

    # Problems

    def report(self, place: Place, what: str, told: list[Problem] | None = None) -> None:
        steps = (each.key for each in self.stack[1:] if each.key is not None)
        (self.problems if told is None else told).append(problem_at(place, steps, what))
        if len(self.problems) + len(self.nulls) > MOST_PROBLEMS:
            raise UnreadableError(self.problems + self.nulls)

    def stop(self, place: Place, what: str) -> NoReturn:
        raise UnreadableError([*self.problems, problem_at(place, (), what)])


def _place(event: Any) -> Place:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _parser(source: str) -> Any:
    """Return the C parser, or the Python one if PyYAML was installed without C."""
    return yaml.CSafeLoader(source) if yaml.__with_libyaml__ else yaml.SafeLoader(source)
