"""YAML and JSON with positions: what is read, where it stands, what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ivrsim.errors import InputError
from ivrsim.flows.source import MAX_BYTES, MAX_DEPTH, SourceError, escape, read_source

DOCUMENT = {"reply": "document"}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


def read(text: str | bytes, name: str = "x.yaml") -> Any:
    return read_source(name, text=text, schema=DOCUMENT).value


def error_of(text: str | bytes, name: str) -> SourceError | None:
    try:
        read(text, name)
    except SourceError as error:
        return error
    return None


def refusal(text: str | bytes, name: str = "x.yaml") -> str:
    with pytest.raises(SourceError) as caught:
        read(text, name)
    message = str(caught.value)
    assert "\n" not in message
    return message


# any bytes


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for name in ("x.json", "x.yaml"):
        error = error_of(data, name)
        assert error is None or str(error).startswith(f"{name}:")


@given(st.text(st.sampled_from("[]{}:,\"\\-&*!|>#'? \n\t01aeE.+u"), max_size=30))
def test_any_punctuation_is_read_or_refused(text: str) -> None:
    for name in ("x.json", "x.yaml"):
        error = error_of(text, name)
        assert error is None or min(error.finding.line, error.finding.col) >= 1


@given(st.text(st.sampled_from('[]{}:,"\\ \n01-.eEtrufalsn'), max_size=20))
def test_json_is_accepted_when_the_standard_library_accepts_it(text: str) -> None:
    try:
        expected: object = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no)
    except ValueError:
        expected = ValueError
    error = error_of(text, "x.json")
    if error is None:
        assert read(text, "x.json") == expected
    else:
        assert expected is ValueError or error.finding.code == "file.number"


def _no(name: str) -> None:
    raise ValueError(name)


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("duplicate key")
    return dict(pairs)


@given(json_values, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_json_is_read_as_the_standard_library_reads_it(
    value: object, indent: Any, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert repr(read(text, "x.json")) == repr(json.loads(text))


@given(json_values)
def test_a_yaml_document_holds_the_same_values_as_json(value: object) -> None:
    text = yaml.safe_dump({"reply": value}, allow_unicode=False, sort_keys=False)
    pairs = [(value, read(text)["reply"])]
    while pairs:
        expected, found = pairs.pop()
        if isinstance(expected, dict) and expected:
            assert list(expected) == list(found)
            pairs.extend(zip(expected.values(), found.values(), strict=True))
        elif isinstance(expected, list):
            pairs.extend(zip(expected, found, strict=True))
        elif isinstance(expected, float):
            assert math.isclose(expected, float(found))  # 1.0e+20 is how PyYAML writes it
        else:
            assert found == expected
            assert type(found) is type(expected)


@given(json_values)
def test_every_pointer_has_its_place_in_the_text(value: object) -> None:
    source = read_source("x.json", text=json.dumps(value, indent=2, ensure_ascii=False))
    lines = source.text.split("\n")
    waiting = [("", value)]
    while waiting:
        pointer, inner = waiting.pop()
        line, col = source.place(pointer)
        rest = "\n".join([lines[line - 1][col - 1 :], *lines[line:]])
        assert json.JSONDecoder().raw_decode(rest)[0] == inner
        if isinstance(inner, dict):
            waiting += [(f"{pointer}/{escape(key)}", child) for key, child in inner.items()]
        elif isinstance(inner, list):
            waiting += [(f"{pointer}/{index}", child) for index, child in enumerate(inner)]


# scalars


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+6591178965", "+6591178965"),
        ("0123", "0123"),
        ("1:30", "1:30"),
        ("yes", "yes"),
        ("on", "on"),
        ("'true'", "true"),
        ("'12'", "12"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("2026-11-21", "2026-11-21"),
        ("True", "True"),
    ],
)
def test_scalars_are_json_inside_documents_and_text_outside(text: str, expected: object) -> None:
    value = read(f"reply: {text}\nother: {text}")
    assert value["reply"] == expected
    assert type(value["reply"]) is type(expected)
    assert value["other"] == (text.strip("'") or None)


def test_only_the_named_keys_hold_documents() -> None:
    source = read_source(
        "x.yaml", text="a: {reply: 1}\nb: {reply: 1}", schema={"a": {"reply": "document"}}
    )
    assert source.value == {"a": {"reply": 1}, "b": {"reply": "1"}}


def test_keys_are_text() -> None:
    assert read("reply: {1: a, true: b}\n2: c") == {"reply": {"1": "a", "true": "b"}, "2": "c"}


def test_a_byte_order_mark_is_fine_in_yaml() -> None:
    source = read_source("x.yaml", text=b"\xef\xbb\xbfa: b")
    assert source.value == {"a": "b"}
    assert source.place("/a") == (1, 4)


def test_an_anchor_is_text_or_json_by_the_place_of_its_alias() -> None:
    assert read("a: &n 12\nreply: [*n]") == {"a": "12", "reply": [12]}


# places


def test_places_in_yaml() -> None:
    source = read_source("x.yaml", text='# é\nté: "x"\nlist:\n  - {a: 1}\n  - b\n')
    assert source.place("/té") == (2, 5)
    assert source.place("/té", key=True) == (2, 1)
    assert source.place("/list/0/a") == (4, 9)
    assert source.place("/list/1") == (5, 5)
    assert source.place("") == (2, 1)


def test_the_place_of_what_is_missing_is_its_parent() -> None:
    source = read_source("x.yaml", text="a:\n  b: {c: d}\n")
    assert source.place("/a/b/nix") == (2, 6)
    assert source.place("/a/b/c/deeper/still") == (2, 10)
    assert source.place("/a/nix/c") == (2, 3)


# refusals


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "x.json:1:1: expected a JSON document, found an empty file"),
        (b" \n", "x.json:1:1: expected a JSON document, found an empty file"),
        (b"[1,]", "x.json:1:4: expected a value, found ]; is there a comma too many?"),
        (b'{"a":1,}', "x.json:1:8: expected a key in double quotes, found }"),
        (b"[1 2]", 'x.json:1:4: expected "," or "]", found 2'),
        (b'{"a" 1}', 'x.json:1:6: expected ":", found 1'),
        (b"[\nNaN]", "x.json:2:1: expected a value, found NaN"),
        (b"[-Infinity]", "x.json:1:2: expected a value, found -"),
        (b"{'a':1}", 'x.json:1:2: expected a key in double quotes or "}", found \''),
        (b'["abc', "x.json:1:6: expected the closing quote of this string, found the end"),
        (b'["a\nb"]', "x.json:1:4: expected the closing quote of this string, found U+000A"),
        (b'["\\x"]', "x.json:1:3: expected a JSON escape"),
        (b'["\\ud800"]', "x.json:1:2: expected text, found half of a surrogate pair"),
        (b"[0123]", 'x.json:1:3: expected "," or "]", found 123'),
        (b"[1e999]", "x.json:1:2: expected a number, found 1e999, which is too large"),
        (b"[" + b"9" * 5000 + b"]", "x.json:1:2: expected a number of at most 64 bits"),
        (b"// x", "x.json:1:1: expected a value, found /; JSON has no comments"),
        (b"[1] x", "x.json:1:5: expected the end of the file, found x"),
        (b"\xef\xbb\xbf[]", "x.json:1:1: expected a value, found U+FEFF; save the file as UTF-8"),
        (b'["caf\xe9"]', "x.json:1:6: expected UTF-8 text, found the byte 0xe9"),
        (b'{"a":1,\n"a":2}', "x.json:2:1: the key 'a' is here twice; the first is at line 1:2"),
        (b"[" * 100_000, "x.json:1:65: expected at most 64 levels of nesting, found more"),
        (b'{"a":' * 100_000, "x.json:1:321: expected at most 64 levels of nesting, found more"),
    ],
)
def test_json_that_is_refused(text: bytes, message: str) -> None:
    assert refusal(text, "x.json").startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "x.yaml:1:1: expected a flow or document, found an empty file"),
        (b"# only a comment", "x.yaml:1:1: expected a flow or document, found an empty file"),
        (b"a: 1\nb: 2\na: 3", "x.yaml:3:1: the key 'a' is here twice; the first is at line 1:1"),
        (b"{" * 100_000, "x.yaml:1:"),
        (b"[" * 900, "x.yaml:1:65: expected at most 64 levels of nesting, found more"),
        (b"- " * 100_000, "x.yaml:1:129: expected at most 64 levels of nesting, found more"),
        (b"a: !!python/object:os.system x", "x.yaml:1:4: the tag !!python/object:os.system"),
        (b"a: !mine [x]", "x.yaml:1:4: the tag !mine is not allowed in a flow"),
        (b"a: [b\n", "x.yaml:2:1: not valid YAML: did not find expected ',' or ']'"),
        (b"a:\n\t- b", "x.yaml:2:1: not valid YAML: found a tab: indent with spaces"),
        (
            b"title: My shop: the best",
            "x.yaml:1:15: not valid YAML: mapping values are not allowed in this context: put "
            "quotes around a text that holds a colon",
        ),
        (b"a: \x00", "x.yaml:1:4: not valid YAML: the character U+0000 is not allowed"),
        (b"a: b\nc: \x1b[31m", "x.yaml:2:4: not valid YAML: the character U+001B is not allowed"),
        (b"a: 1\n---\nb: 2", "x.yaml:2:1: expected one YAML document, found the start of a second"),
        (b"a: {<<: {b: c}}", "x.yaml:1:5: merge keys (<<) are not supported"),
        (b"? [a]\n: b", "x.yaml:1:3: expected text as a key"),
        (b"a: *b", "x.yaml:1:4: the alias *b refers to an anchor that is not defined above"),
        (b"a: &b [*b]", "x.yaml:1:8: the alias *b refers to itself"),
        (b"reply: [.nan]", "x.yaml:1:9: expected a JSON value, found .nan"),
        (b"reply: -.inf", "x.yaml:1:8: expected a JSON value, found -.inf"),
        (b"reply: " + b"9" * 30, "x.yaml:1:8: expected a number of at most 64 bits"),
        (b"a: \xff", "x.yaml:1:4: expected UTF-8 text, found the byte 0xff"),
    ],
)
def test_yaml_that_is_refused(text: bytes, message: str) -> None:
    assert refusal(text).startswith(message)


def test_libyaml_may_refuse_deep_nesting_before_we_do() -> None:
    found = refusal(b"[" * 100_000)
    assert found.startswith("x.yaml:1:")
    assert "expected at most 64 levels of nesting, found more" in found


def test_the_deepest_nesting_that_is_allowed() -> None:
    deep = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert read(deep, "x.json") == read(deep, "x.yaml") == json.loads(deep)


def test_a_billion_laughs() -> None:
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert "the aliases (*name) expand to more than is allowed" in refusal("\n".join(lines))


def test_one_long_text_repeated_by_aliases() -> None:
    text = f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 100)}]"
    assert "the aliases (*name) expand to more than is allowed" in refusal(text)


def test_aliases_cannot_nest_deeper_than_brackets() -> None:
    lines = ["a0: &a0 [[[[[[[[[[x]]]]]]]]]]"]
    lines += [f"a{n}: &a{n} [[[[[[[[[[*a{n - 1}]]]]]]]]]]" for n in range(1, 10)]
    assert "expand to more than is allowed" in refusal("\n".join(lines))


def test_a_file_that_is_too_large() -> None:
    message = refusal(b" " * (MAX_BYTES + 1), "x.json")
    assert message == "x.json:1:1: expected at most 2048 KiB, found a larger file"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text("a: b")
    with pytest.raises(InputError, match=r"flw\.yaml: no such file \(did you mean .*flow\.yaml\?"):
        read_source(tmp_path / "flw.yaml")
    with pytest.raises(InputError, match="expected a file, found a folder"):
        read_source(tmp_path)
    with pytest.raises(InputError, match="not a file name"):
        read_source("a\0b.yaml")
