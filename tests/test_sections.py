"""Section configs and property strings: what is written is read again, faults are located."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.cluster.sections import parse_property_string, parse_sections
from reference.errors import Failure

WORDS = st.from_regex(r"\A[a-z][a-z0-9_-]{0,6}\Z")
VALUES = st.just("") | st.from_regex(r"\A[!-~]([ -~]{0,8}[!-~])?\Z")
SECTIONS = st.lists(
    st.tuples(WORDS, WORDS, st.dictionaries(WORDS, VALUES, max_size=4)),
    max_size=4,
    unique_by=lambda section: section[1],
)


def test_blocks_comments_and_bare_options() -> None:
    text = "# head\ndir: local\n\tpath /a b\n# inner\n\tdisable\n\ndir: alt  \n  path\t/b\n"
    sections = parse_sections(text, "storage.cfg")
    assert [(key, section.line) for key, section in sections.items()] == [("local", 2), ("alt", 7)]
    assert sections["local"].options == {"path": "/a b", "disable": ""}
    assert sections["local"].lines == {"path": 3, "disable": 5}


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("\tpath /a\n", 1, "'<type>: <id>'"),
        ("dir: a\n\npath /a\n", 3, "'<type>: <id>'"),
        ("dir: a\n\n\tpath /a\n", 3, "'<type>: <id>'"),
        ("dir: a\ngarbage\n", 2, "or an indented '<option> <value>'"),
        ("dir: a\n\tpath /a\n\tpath /b\n", 3, "each option once"),
        ("dir: a\ndir: a\n", 2, "an id not used before"),
        ("dir:\n", 1, "'<type>: <id>'"),
    ],
)
def test_a_fault_names_file_line_and_expectation(text: str, line: int, expected: str) -> None:
    with pytest.raises(Failure) as refusal:
        parse_sections(text, "storage.cfg")
    assert str(refusal.value).startswith(f"storage.cfg: line {line}: expected ")
    assert expected in str(refusal.value)


@settings(deadline=None)
@given(SECTIONS)
def test_written_sections_read_the_same(sections: list[tuple[str, str, dict[str, str]]]) -> None:
    text = ""
    for kind, key, options in sections:
        lines = [f"\t{name} {value}".rstrip() + "\n" for name, value in options.items()]
        text += f"{kind}: {key}\n{''.join(lines)}\n"
    parsed = parse_sections(text, "x")
    assert [(part.type, part.id, part.options) for part in parsed.values()] == sections


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(Failure):  # and nothing else
        assert all(section.type and section.id for section in parse_sections(text, "x").values())


def test_property_strings() -> None:
    assert parse_property_string("a=1, b=x=y,") == {"a": "1", "b": "x=y"}
    assert parse_property_string("secure,network=10.0.0.0/8", "type") == {
        "type": "secure",
        "network": "10.0.0.0/8",
    }
    for text in ("secure", "a=1,a=2", "=1"):
        with pytest.raises(Failure, match=f"property string '{text}'"):
            parse_property_string(text)
    with pytest.raises(Failure, match="expected 'type' only once"):
        parse_property_string("a,b", "type")
