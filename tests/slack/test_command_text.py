"""The text after the command, as people type it on a phone too."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.errors import UsageError
from guard.core.model import Campaign, Rules, Segment, Selection
from guard.slack.command_text import LONGEST_TEXT, ParsedCommand, as_typed, names, parse
from tests.slack.fake_parts import rules

WEEKLY = Selection(tags=("weekly",))
SPRING = Selection(campaigns=("spring-sale",))


def refusal(text: str, known: Rules | None = None) -> str:
    with pytest.raises(UsageError) as raised:
        parse(text, known or rules())
    return f"{raised.value.message} | {raised.value.hint}"


@pytest.mark.parametrize("text", ["", "  ", "\n", "help", "Help"])
def test_no_text_asks_for_help(text: str) -> None:
    assert parse(text, rules()) == ParsedCommand(selection=None)


@pytest.mark.parametrize(
    ("text", "selection", "words"),
    [
        ("spring-sale", SPRING, "spring-sale"),
        ("newsletter", Selection(segments=("newsletter",)), "newsletter"),
        ("weekly", WEEKLY, "weekly"),
        ("--tag weekly", WEEKLY, "--tag weekly"),
        ("--tag=weekly", WEEKLY, "--tag weekly"),
        ("—tag weekly", WEEKLY, "--tag weekly"),
        ("–tag=weekly", WEEKLY, "--tag weekly"),  # noqa: RUF001 - what a phone makes of two hyphens
        ("“weekly”", WEEKLY, "weekly"),
        ("‘weekly’", WEEKLY, "weekly"),  # noqa: RUF001 - what a phone makes of quotation marks
        ("„two words“", Selection(tags=("two words",)), '"two words"'),
        ("--tag 'two words'", Selection(tags=("two words",)), '--tag "two words"'),
        ("Spring-Sale", SPRING, "spring-sale"),
        ("WEEKLY", WEEKLY, "weekly"),
        ("--tag Weekly", WEEKLY, "--tag weekly"),
        ("--campaign=SPRING-sale", SPRING, "--campaign spring-sale"),
        ("--all", Selection(), "--all"),
        ("—all", Selection(), "--all"),
        ("spring-sale\nweekly", Selection(tags=("weekly",), campaigns=("spring-sale",)), "spring-sale weekly"),
        ("--campaign spring-sale --segment both", Selection(segments=("both",), campaigns=("spring-sale",)), None),
    ],
)
def test_what_was_typed_is_checked(text: str, selection: Selection, words: str | None) -> None:
    assert parse(text, rules()) == ParsedCommand(selection=selection, words=text if words is None else words)


def test_the_order_does_not_matter() -> None:
    found = parse("summer-sale spring-sale spring-sale", rules())
    assert found.selection == parse("spring-sale summer-sale", rules()).selection


@pytest.mark.parametrize("text", ["share weekly", "weekly share", "share weekly share", "Share weekly"])
def test_share_is_not_part_of_the_words(text: str) -> None:
    assert parse(text, rules()) == ParsedCommand(selection=WEEKLY, share=True, words="weekly")


@pytest.mark.parametrize("text", ["--segment share", "--segment=share"])
def test_a_segment_may_be_called_share(text: str) -> None:
    asked = parse(text, rules())

    assert asked == ParsedCommand(selection=Selection(segments=("share",)), words="--segment share")
    assert parse(asked.words, rules()) == asked


def named(*keys: str, tags: tuple[str, ...] = (), campaigns: tuple[str, ...] = ()) -> Rules:
    segments = (Segment(key=key, tags=tags, guards=(), line=1) for key in keys)
    asked = (Campaign(key=key, segments=keys, line=1) for key in campaigns)
    return Rules(path="rules.yaml", sha256="0" * 64, segments=tuple(segments), campaigns=tuple(asked))


def test_capitals_matter_for_like_names() -> None:
    known = named("Sale", "sale")

    assert parse("Sale", known).selection == Selection(segments=("Sale",))
    assert parse("sale", known).selection == Selection(segments=("sale",))
    with pytest.raises(UsageError, match="nothing is called"):
        parse("SALE", known)


def test_two_kinds_are_told_apart() -> None:
    told = refusal("LAUNCH", named("Launch", tags=("launch",)))
    assert told == '"LAUNCH" is a segment and a tag | write --segment Launch or --tag launch'


PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zl", "Zp"]), min_size=1, max_size=10)
TYPED = PLAIN.filter(lambda key: not set(key) & set("“”„‘’—–"))  # noqa: RUF001 - phones make them, so nobody can type them
KEYS = st.lists(TYPED | st.sampled_from(["share", "help", "--all", "a b", "A", "a", 'a"b', "a\\", "a'"]), max_size=4)


@settings(deadline=None)
@given(segments=KEYS, tags=KEYS, campaigns=KEYS)
def test_what_is_listed_can_be_typed(segments: list[str], tags: list[str], campaigns: list[str]) -> None:
    known = named(*dict.fromkeys(["first", *segments]), tags=tuple(tags), campaigns=tuple(dict.fromkeys(campaigns)))
    for kind, keys in names(known).items():
        for key in keys:
            asked = parse(as_typed(kind, key, names(known)), known)

            assert asked.selection == Selection(**{f"{kind}s": (key,)})
            assert parse(asked.words, known) == asked


def test_the_words_ask_for_the_same() -> None:
    asked = parse("“two words” —segment=both spring-sale share", rules())

    assert parse(asked.words, rules()).selection == asked.selection
    assert not parse(asked.words, rules()).share


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("spring-sell", 'nothing is called "spring-sell"; did you mean "spring-sale"?'),
        ("Spring-Sell", 'nothing is called "Spring-Sell"; did you mean "spring-sale"'),
        ("--campaign weekly", 'no campaign is called "weekly"'),
        ("--tag Weekl", 'no tag is called "Weekl"; did you mean "weekly"?'),
        ("all", 'nothing is called "all"; did you mean "--all"?'),
        ("weekly shar", 'nothing is called "shar"; did you mean "share"?'),
        ("xyz", 'nothing is called "xyz" | type /audience-check without'),
        ("<!channel>", 'nothing is called "<!channel>"'),
        ("spring\x07\u202esale", 'nothing is called "spring\\x07\\u202esale"'),
        ("-tag weekly", 'nothing is called "-tag"'),
        ('""', 'nothing is called ""'),
        ("x" * 1_000, "x" * 99 + '…"'),
        ("--tga weekly", 'there is no --tga; did you mean "--tag"? | there are --campaign, --segment, --tag and --all'),
        ("--Tag weekly", 'there is no --Tag; did you mean "--tag"?'),
        ("--al", 'there is no --al; did you mean "--all"?'),
        ("--output json", "there is no --output |"),
        ("--", "there is no -- |"),
        ("--tag", "--tag needs a tag after it"),
        ("--tag=", "--tag needs a tag after it"),
        ("--tag ''", "--tag needs a tag after it"),
        ("--all weekly", "--all takes no other names"),
        ("share", "there is nothing to check"),
        ("both", '"both" is a segment and a tag | write --segment both or --tag both'),
        ("spring’s weekly", "a quotation mark is not closed"),  # noqa: RUF001 - what a phone makes of an apostrophe
        ('"weekly', "a quotation mark is not closed"),
        ("weekly\\", "a quotation mark is not closed"),
    ],
)
def test_a_wrong_command_says_what_to_write(text: str, told: str) -> None:
    assert told in refusal(text)


def test_a_text_fits_into_a_button() -> None:
    longest = "weekly".ljust(LONGEST_TEXT)

    assert parse(longest, rules()).selection == WEEKLY
    assert "more than 2,000 characters" in refusal(longest + " ")
    assert "more than 2,000 characters" in refusal("x" * 3_000)


# The history of a segment


@pytest.mark.parametrize(
    ("text", "key", "share"),
    [
        ("history newsletter", "newsletter", False),
        ("History Newsletter", "newsletter", False),
        ("history “newsletter”", "newsletter", False),
        ("history --segment newsletter", "newsletter", False),
        ("history —segment=Newsletter", "newsletter", False),
        ("history newsletter share", "newsletter", True),
        ("history SHARE newsletter", "newsletter", True),
        ("history both", "both", False),  # the tag of the same name has no history
        ("history --segment share", "share", False),
        ("history --segment share share", "share", True),
    ],
)
def test_a_history_is_of_a_segment(text: str, key: str, share: bool) -> None:
    assert parse(text, rules()) == ParsedCommand(selection=None, history=key, share=share)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("history", "history needs the name of one segment | type /audience-check history NAME"),
        ("history share", "history needs the name of one segment"),
        ("history newsletter both", "history needs the name of one segment"),
        ("history newsleter", 'no segment is called "newsleter"; did you mean "newsletter"?'),
        ("history spring-sale", 'no segment is called "spring-sale"'),
        ("history --campaign spring-sale", "history is of a segment, not of a campaign"),
        ("history --segment", "--segment needs a segment after it"),
        ("history --all", "there is no --all"),
        ('history "newsletter', "a quotation mark is not closed"),
    ],
)
def test_a_history_of_what_is_refused(text: str, told: str) -> None:
    assert told in refusal(text)


def test_a_segment_may_be_called_history() -> None:
    known = named("history", "two words", 'he said "so"')

    checked = parse("--segment history", known)
    assert checked == ParsedCommand(selection=Selection(segments=("history",)), words="--segment history")
    assert as_typed("segment", "history", names(known)) == "--segment history"
    assert parse("history history", known).history == "history"
    assert parse('history "two words"', known).history == "two words"
    assert parse('history "he said \\"so\\""', known).history == 'he said "so"'
