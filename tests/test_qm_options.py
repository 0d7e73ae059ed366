"""Options of the node's commands (CLI-01..06, CLI-09, CLI-21)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.cli import options, qm_config
from reference.cli.options import Parser, boolean, integer, node_name, run, vmid
from reference.errors import Failure, ParameterFailure


def parser() -> Parser:
    result = Parser("qm migrate", known=lambda name: name == "scsi0")
    result.positional("vmid", vmid)
    result.positional("target", node_name)
    result.flag("online")
    result.flag("with-local-disks")
    result.option("bwlimit", integer(0))
    result.option("targetstorage", append=True)
    result.option("args")
    return result


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
        ("100 pve2 --args -S", "args", "-S"),
        ("100 pve2 --args --online", "args", "--online"),
        ("100 pve2 --args=", "args", ""),
        ("-- 100 pve2", "target", "pve2"),
        ("100 pve2 --scsi0 a=b", "extra", {"scsi0": "a=b"}),
    ],
)
def test_accepted(words: str, name: str, value: object) -> None:
    assert getattr(parser().parse_args(words.split()), name) == value


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "not enough arguments"),
        ("100", "not enough arguments"),
        ("100 pve2 pve3", "too many arguments"),
        ("100 pve2 --bwl 5", "unknown option: bwl"),
        ("100 pve2 --onlin", "unknown option: onlin"),
        ("100 pve2 --nonsense 1", "unknown option: nonsense"),
        ("100 pve2 --bwlimit", "option bwlimit requires an argument"),
        ("100 --online pve2", "not enough arguments"),  # CLI-21: taken as the flag's value
    ],
)
def test_refused_with_usage(words: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        parser().parse_args(words.split())
    assert ending.value.code == 255
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
        parser().parse_args(words.split())
    assert refusal.value.name == name
    assert str(refusal.value).startswith(f"400 Parameter verification failed.\n{name}: '")


@pytest.mark.parametrize("text", ["1", "on", "YES", "True"])
def test_true(text: str) -> None:
    assert boolean(text)


@pytest.mark.parametrize("text", ["0", "off", "NO", "False"])
def test_false(text: str) -> None:
    assert not boolean(text)


@given(st.lists(st.text(alphabet="-=abo1 .online", max_size=9), max_size=5))
def test_any_words_end_in_options_or_a_refusal(words: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Parser, "error", _refuse)
        try:
            parser().parse_args(words)
        except (ParameterFailure, _RefusedError):
            return


class _RefusedError(Exception):
    pass


def _refuse(self: Parser, message: str) -> None:
    raise _RefusedError(message)


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
        options.require_root()


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
        qm_config.COMMANDS[command](words)
    assert reason in str(refusal.value)
