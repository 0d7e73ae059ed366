"""What the two ends of a migration tell each other, broken in every way: only Failure, no hang."""

import io
import os
from contextlib import suppress
from types import SimpleNamespace
from typing import cast
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.cluster import paths
from reference.errors import Failure
from reference.guest import schema
from reference.guest.incoming import read_facts
from reference.migration import mtunnel
from reference.migration.phase2 import parse_announcements
from reference.migration.state import Migration
from reference.migration.tunnel import Tunnel

GOOD = [
    "migration listens on unix:/run/qemu-server/100.migrate",
    "migration listens on tcp:10.77.0.12:60000",
    "migration listens on tcp:[fd00::12]:60000",
    "storage migration listens on nbd:unix:/run/qemu-server/100_nbd.migrate:exportname=drive-scsi0"
    " volume:local:100/vm-100-disk-0.raw,size=1M",
    "storage migration listens on nbd:[fd00::12]:60001:exportname=drive-scsi1 volume:alt:a.raw",
]
OWN = {paths.migrate_socket(100), paths.nbd_socket(100)}


@st.composite
def damaged(draw: st.DrawFn, lines: list[str]) -> str:
    """A good line with a piece of it replaced."""
    line = draw(st.sampled_from(lines))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(line))] * 2)))
    piece = st.sampled_from(["", "..", "/../", "101", "٣", "\0", " ", "/", "99999999999", "scsi9"])
    return line[:start] + draw(piece | st.text(max_size=5)) + line[end:]


def migration() -> Migration:
    online = SimpleNamespace(online=True, volid="local:100/vm-100-disk-0.raw", drive="scsi0")
    second = SimpleNamespace(online=True, volid="local:100/vm-100-disk-1.raw", drive="scsi1")
    return cast(
        Migration,
        SimpleNamespace(
            vmid=100, volumes={"0": online, "1": second}, announced={}, transferred={},
            log=mock.Mock(),
        ),
    )  # fmt: skip


def test_good_announcements_are_understood() -> None:
    asked = migration()
    assert parse_announcements(asked, [GOOD[0], *GOOD[3:]]) == (
        "unix:/run/qemu-server/100.migrate",
        ["/run/qemu-server/100.migrate", "/run/qemu-server/100_nbd.migrate"],
    )
    assert asked.announced.keys() == {"scsi0", "scsi1"}


@settings(deadline=None)
@given(st.lists(damaged(GOOD) | st.sampled_from(GOOD) | st.text(max_size=20), max_size=5))
def test_announcements_lead_to_the_guests_own_sockets_or_nowhere(lines: list[str]) -> None:
    asked = migration()
    with suppress(Failure):  # and nothing else
        listening = parse_announcements(asked, lines)
        assert asked.announced.keys() <= {"scsi0", "scsi1"}
        assert listening is None or set(listening[1]) <= OWN
        assert listening is None or listening[0].isascii()


@pytest.mark.parametrize(
    "path",
    ["101.migrate", "../100.migrate", "x/100.migrate", "100.migrate.migrate", "0100.migrate"],
)
def test_other_sockets_are_refused(path: str) -> None:
    with pytest.raises(Failure, match="unexpected socket path"):
        parse_announcements(migration(), [f"migration listens on unix:/run/qemu-server/{path}"])


def source(said: bytes) -> Tunnel:
    """The source's end of a tunnel whose other end has said that, and hung up."""
    reader, writer = os.pipe()
    os.write(writer, said)
    os.close(writer)
    end = object.__new__(Tunnel)
    vars(end).update(
        _buffer=b"",
        _child=SimpleNamespace(stdout=open(reader, "rb"), stdin=io.BytesIO()),  # noqa: SIM115
    )
    return end


REPLIES = st.lists(
    st.sampled_from([b"tunnel online\n", b"ver 1\n", b"OK\n", b"ERR: no\n", b"OK", b"\xff\n"])
    | st.binary(max_size=20)
).map(b"".join)


@settings(deadline=None)
@given(REPLIES)
def test_a_tunnel_greets_as_agreed_or_is_a_failure(said: bytes) -> None:
    end = source(said)
    if replies(said)[:2] == ["tunnel online", "ver 1"]:
        end._greet()
    else:
        with pytest.raises(Failure, match=r"^can't open tunnel - [^\n]*$"):
            end._greet()
    end._child.stdout.close()  # type: ignore[union-attr]


@settings(deadline=None)
@given(REPLIES)
def test_only_ok_is_a_success(said: bytes) -> None:
    end = source(said)
    if replies(said)[:1] == ["OK"]:
        end.command("resume 100")
    else:
        with pytest.raises(Failure, match=r"^[^\n]*$"):
            end.command("resume 100")
    end._child.stdout.close()  # type: ignore[union-attr]


def replies(said: bytes) -> list[str]:
    """The lines that came whole."""
    return [line.decode(errors="replace").strip() for line in said.split(b"\n")[:-1]]


COMMANDS = st.sampled_from(["resume 100", "quit", "resume " + "1" * 5000, "resume ٣", "resume -1"])


@settings(deadline=None)
@given(st.lists(COMMANDS | damaged(["resume 100", "quit"]), max_size=6))
def test_the_target_answers_what_it_knows_and_nothing_else(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    out, asked = io.StringIO(), mock.Mock(return_value="OK")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(text))
        patch.setattr("sys.stdout", out)
        patch.setattr("reference.cluster.membership.quorate", lambda: True)
        patch.setattr(mtunnel, "_resume", asked)
        assert mtunnel.serve() == 0
    said = out.getvalue().splitlines()
    quit_said = any(line.strip() == "quit" for line in text.split("\n"))
    assert said[:2] == ["tunnel online", "ver 1"]
    assert said[2:] == ["OK"] * (asked.call_count + quit_said)


TOLD = [
    "nbd_protocol_version: 1", "replicated_volume: local:100/a.raw",
    "offline_volume: scsi0: local:100/b.raw", "tpmstate0: local:100/c.raw", "spice_ticket: secret",
]  # fmt: skip


@settings(deadline=None)
@given(st.lists(damaged(TOLD) | st.sampled_from(TOLD) | st.text(max_size=20), max_size=8))
def test_every_line_of_the_source_is_known_a_ticket_or_warned_of(lines: list[str]) -> None:
    lines = [line.replace("\n", " ") for line in lines]
    with mock.patch("sys.stderr", io.StringIO()) as errors:
        facts = read_facts(f"{line}\n" for line in lines)
    known = [
        line for line in lines
        if line.startswith(("nbd_protocol_version: ", "replicated_volume: ", "offline_volume: "))
    ]  # fmt: skip
    assert errors.getvalue().count("unknown 'start' parameter on STDIN") <= len(lines)
    assert len(facts.replicated) <= len(known)
    assert facts.nbd_protocol_version >= 0


KEYS = [*schema.OPTIONS, "scsi0", "ide2", "net0", "serial0", "unused0", "tpmstate0", "efidisk0"]


@settings(deadline=None)
@given(st.sampled_from(KEYS), st.text(max_size=30) | st.text("=,:;/.1aG-+ \n\0", max_size=30))
def test_any_value_of_a_config_is_taken_or_refused_in_one_line(key: str, value: str) -> None:
    with suppress(Failure):  # and nothing else
        schema.check_value(key, value)
        return
    with pytest.raises(Failure) as refusal:
        schema.check_value(key, value)
    assert "\n" not in str(refusal.value)
