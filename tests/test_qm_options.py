"""The command line of the node's programs (CLI-01..06, CLI-09, CLI-21)."""

from collections.abc import Sequence
from contextlib import suppress
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.api.methods import METHODS
from reference.api.schema import Method
from reference.cli import options
from reference.cli.options import UsageError, program, run
from reference.errors import Failure, ParameterFailure


def method(name: str) -> Method:
    return next(method for method in METHODS if method.name == name)


def parse(words: Sequence[str], name: str = "qm migrate") -> SimpleNamespace:
    return options.parse(method(name), words)


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("100 pve2", "online", None),
        ("100 pve2 --online", "online", True),
        ("100 pve2 -online", "online", True),
        ("100 pve2 --online --bwlimit 1", "online", True),
        ("--online=1 100 pve2", "online", True),
        ("--online 1 100 pve2", "online", True),
        ("100 --online no pve2", "online", False),
        ("100 pve2 --with-local-disks ON", "with_local_disks", True),
        ("100 pve2 -bwlimit=5", "bwlimit", 5),
        ("100 pve2 --bwlimit 0", "bwlimit", 0),
        ("100 pve2 --targetstorage a1:b1 --targetstorage c1:d1", "targetstorage", "a1:b1,c1:d1"),
        ("100 pve2 --targetstorage=", "targetstorage", ""),
        ("-- 100 pve2", "target", "pve2"),
        ("100 pve2 --bwl 5", "bwlimit", 5),
        ("100 pve2 --migration_n 10.0.0.0/8", "migration_network", "10.0.0.0/8"),
        ("100 pve2 -o", "online", True),
    ],
)
def test_accepted(words: str, name: str, value: object) -> None:
    assert getattr(parse(words.split()), name) == value


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        ("100 --args -S", {"args": "-S"}),
        ("100 --args --online", {"args": "--online"}),
        (
            "100 --scsi0 local:a/b,size=1G --memory=64",
            {"scsi0": "local:a/b,size=1G", "memory": "64"},
        ),
    ],
)
def test_options_of_a_config_are_kept_by_name(words: str, extra: dict[str, str]) -> None:
    assert parse(words.split(), "qm set").extra == extra


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "not enough arguments"),
        ("100", "not enough arguments"),
        ("100 pve2 pve3", "too many arguments"),
        ("100 pve2 --w", "option w is ambiguous (with-local-disks, with-conntrack-state)"),
        ("100 pve2 --onlines", "unknown option: onlines"),
        ("100 pve2 --vmid 101", "unknown option: vmid"),
        ("100 pve2 --nonsense 1", "unknown option: nonsense"),
        ("100 pve2 --bwlimit", "option bwlimit requires an argument"),
        ("100 --online pve2", "not enough arguments"),  # CLI-21: taken as the flag's value
    ],
)
def test_refused_with_usage(
    words: str, reason: str, capsys: pytest.CaptureFixture[str], as_root: None
) -> None:
    assert program("qm", ["migrate", *words.split()]) == 255
    usage = "usage: qm migrate <vmid> <target> [OPTIONS]"
    assert capsys.readouterr().err == f"400 {reason}\n{usage}\n"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("99 pve2", "vmid"),
        ("0100 pve2", "vmid"),
        ("abc pve2", "vmid"),
        ("100 -", "target"),
        ("100 pve_2", "target"),
        ("100 pve2 --bwlimit -1", "bwlimit"),
        ("100 pve2 --bwlimit 1.5", "bwlimit"),
        ("100 pve2 --online maybe", "online"),
        ("100 pve2 --with-local-disks 2", "with-local-disks"),
    ],
)
def test_refused_values_name_their_option(words: str, name: str) -> None:
    with pytest.raises(ParameterFailure) as refusal:
        parse(words.split())
    assert refusal.value.name == name
    assert str(refusal.value).startswith(f"400 Parameter verification failed.\n{name}: '")


def test_all_refused_values_are_named(capsys: pytest.CaptureFixture[str], as_root: None) -> None:
    words = ["migrate", "99", "pve_2", "--online=maybe", "--bwlimit", "-1"]
    assert program("qm", words) == 255
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "400 Parameter verification failed."
    assert [line.split(":")[0] for line in said[1:]] == [
        "vmid", "target", "online", "bwlimit", "usage",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["1", "on", "YES", "True"])
def test_true(text: str) -> None:
    assert parse(["100", "pve2", "--online", text]).online is True


@pytest.mark.parametrize("text", ["0", "off", "NO", "False"])
def test_false(text: str) -> None:
    assert parse(["100", "pve2", "--online", text]).online is False


COMMANDS = [method for method in METHODS if method.run]
ODD = ["-", "--", "--online", "--bwlimit=1", "--memory", "--delete", "--sk", "100", "pve2", "\0"]
WORDS = st.sampled_from(ODD) | st.text(max_size=9) | st.text("-=abo1 .online", max_size=9)


@settings(deadline=None)
@given(st.sampled_from(COMMANDS), st.lists(WORDS, max_size=7))
def test_any_words_end_in_values_or_a_refusal(command: Method, words: list[str]) -> None:
    with suppress(ParameterFailure, UsageError):  # and nothing else
        found = vars(options.parse(command, words))
        assert all(found[name.replace("-", "_")] is not None for name in command.positionals)


# option -> values it can have, values it cannot have
VALUES = {
    "online": (["1", "on", "YES", "False", "0"], ["2", "", "maybe", "1\n", "tru"]),
    "bwlimit": (["0", "7", "007"], ["-1", "1.5", "", "1e3", "٣", "9" * 30, "1\n"]),
    "migration_type": (["secure", "insecure"], ["SECURE", "", "secure|insecure", "secure\n"]),
    "migration_network": (
        ["10.0.0.0/8", "10.77.0.1/24", "fd00::/64"],
        ["10.0.0.0", "10.0.0.0/7", "10.0.0.0/33", "fd00::/129", "x/24", "10.0.0.0/08 ", "1/8"],
    ),
    "targetstorage": (["", "0", "1", "aa", "aa:bb,cc", "aa,aa"], ["a", "1a", "aa:", "aa:b!", "é"]),
}
CHOSEN = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from([(text, True) for text in right] + [(text, False) for text in wrong])
        for name, (right, wrong) in VALUES.items()
    },
)


@settings(deadline=None)
@given(CHOSEN, st.randoms())
def test_exactly_the_illegal_values_are_refused(
    chosen: dict[str, tuple[str, bool]], random: Random
) -> None:
    words = [f"--{name}={text}" for name, (text, _) in chosen.items()]
    random.shuffle(words)
    wrong = {name for name, (_, legal) in chosen.items() if not legal}
    try:
        parse(["100", *words, "pve2"])
        refused = set()
    except ParameterFailure as failure:
        refused = set(failure.errors)
    assert refused == wrong


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)


@pytest.mark.parametrize("words", [["help", "migrate"], ["migrate", "--help"]])
def test_help_names_every_option(
    words: list[str], capsys: pytest.CaptureFixture[str], as_root: None
) -> None:
    assert program("qm", words) == 0
    said = capsys.readouterr().out
    assert said.startswith("usage: qm migrate <vmid> <target> [OPTIONS]\n")
    for parameter in method("qm migrate").parameters[2:]:
        assert f"--{parameter.name} {parameter.kind.shown}" in said


def test_help_names_every_command(capsys: pytest.CaptureFixture[str], as_root: None) -> None:
    assert program("qm", ["help"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in said] == [
        method.name for method in COMMANDS if method.name.startswith("qm ")
    ]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (Failure("no such thing 'x'"), "no such thing 'x'"),
        (FileNotFoundError(2, "No such file or directory", "/a"), "no such file or directory '/a'"),
        (KeyboardInterrupt(), "interrupted by signal"),
        (ZeroDivisionError("by zero"), "internal error: ZeroDivisionError: by zero"),
    ],
)
def test_an_error_is_one_line(
    error: BaseException, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> int:
        raise error

    assert run(fail) == 255
    assert capsys.readouterr().err == line + "\n"


def test_the_exit_code_is_the_commands() -> None:
    assert run(lambda: 7) == 7


def test_others_than_root_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(Failure, match="please run as root"):
        options.dispatch("qm", ["migrate", "100", "pve2"])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["100", "--memory", "much"], "memory: 'much' is not valid (expected [current=]<MiB>)"),
        (["100", "--scsi0", "local:../a"], "scsi0: 'local:../a' does not name a volume"),
        (["100", "--net0", "fast"], "net0: 'fast' is not valid"),
    ],
)
@pytest.mark.parametrize("command", ["create", "set"])
def test_values_are_checked_before_anything_is_touched(
    command: str, words: list[str], reason: str
) -> None:
    with pytest.raises(ParameterFailure) as refusal:
        parse(words, f"qm {command}")
    assert reason in str(refusal.value)


def test_the_nbd_server_has_25_seconds_to_stop(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def execute(vmid: int, command: str, timeout: float) -> None:
        asked.append((vmid, command, timeout))
        raise Failure("timed out")

    monkeypatch.setattr("reference.guest.process.execute", execute)
    assert options.execute(method("qm nbdstop"), SimpleNamespace(vmid=100)) == 0
    assert asked == [(100, "nbd-server-stop", 25)]
    assert capsys.readouterr().err == "WARN: timed out\n"
