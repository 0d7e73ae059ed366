"""The test guest on real QEMUs: it beats and writes on every bus and lives through migrations."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from fixtures.guests import image, recorder
from fixtures.guests.beats import Timeline, parse_log
from fixtures.guests.image import MIB, GuestParameters
from fixtures.guests.oracles import check_ram, check_records, compare_dumps

QEMU = shutil.which("qemu-system-x86_64")
pytestmark = pytest.mark.skipif(QEMU is None, reason="qemu-system-x86_64 is not installed")

BUSES = {
    "scsi": ["-device", "virtio-scsi-pci,id=bus", "-device", "scsi-hd,bus=bus.0,drive=disk"],
    "virtio": ["-device", "virtio-blk-pci,drive=disk"],
    "ide": ["-device", "ide-hd,drive=disk"],
    "sata": ["-device", "ahci,id=bus", "-device", "ide-hd,bus=bus.0,drive=disk"],
}
WRITING = GuestParameters(
    end=3 * MIB, pages_per_tick=16, span=32, write_interval=5, read_back=3, sectors=8
)
PATIENCE_S = 10.0


class Machine:
    """One QEMU under TCG with a monitor; its beat goes to the recorder of its directory."""

    def __init__(self, directory: Path, disk: Path, *words: str, machine: str = "pc") -> None:
        self.directory = directory
        self.name = f"{directory.name}-{time.monotonic_ns()}"
        monitor = directory / f"{self.name}.qmp"
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(monitor))
        server.listen()
        fixed = ["-accel", "tcg", "-M", machine, "-m", "32", "-nodefaults", "-display", "none"]
        fixed += ["-drive", f"file={disk},if=none,id=disk,format=raw", "-qmp", f"unix:{monitor}"]
        fixed += ["-chardev", f"socket,id=beat,path={directory}/beat.sock"]
        fixed += ["-device", "isa-serial,chardev=beat"]
        self.process = subprocess.Popen([QEMU or "", *fixed, *words])
        server.settimeout(PATIENCE_S)
        with server:
            self.monitor = server.accept()[0]
        self.monitor.settimeout(PATIENCE_S)
        self.messages = self.monitor.makefile("r")
        self.events: list[dict[str, Any]] = []
        self.messages.readline()
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments: Any) -> Any:
        self.monitor.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        while "event" in (message := json.loads(self.messages.readline())):
            self.events.append(message)
        assert "return" in message, message
        return message["return"]

    def wait(self, name: str, **data: Any) -> None:
        """Wait for an event that carries this data."""
        while True:
            for event in self.events:
                if event["event"] == name and data.items() <= event.get("data", {}).items():
                    return
            self.events.append(json.loads(self.messages.readline()))

    def dump(self, start: int, end: int) -> bytes:
        path = self.directory / f"{self.name}.dump"
        self.execute("pmemsave", val=start, size=end - start, filename=str(path))
        return path.read_bytes()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.messages.close()
        self.monitor.close()


class Bench:
    """Two recorders and the machines that talk to them."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        self.root, self.stack = root, stack
        for node in ("a", "b"):
            (root / node).mkdir()
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-I", str(recorder.__file__), str(root / node)],
                    stdout=subprocess.PIPE,
                )
            )
            stack.callback(process.terminate)
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        self.disk = root / "disk.raw"

    def boot(self, node: str, *words: str, machine: str = "pc") -> Machine:
        made = Machine(self.root / node, self.disk, *words, machine=machine)
        self.stack.callback(made.close)
        return made

    def timeline(self) -> Timeline:
        logs = {
            node: [
                parse_log(path.read_text(), path.name)
                for path in (self.root / node / "beats").iterdir()
                if path.stat().st_size
            ]
            for node in ("a", "b")
        }
        return Timeline(logs)

    def silent(self) -> Timeline:
        """What was heard once a stopped guest's last words have arrived."""
        before = None
        while before != (heard := (timeline := self.timeline()).describe()):
            before = heard
            time.sleep(0.05)
        return timeline

    def until(self, done: Callable[[Timeline], object]) -> Timeline:
        deadline = time.monotonic() + PATIENCE_S
        while not done(timeline := self.timeline()):
            assert time.monotonic() < deadline, timeline.describe()
            time.sleep(0.01)
        return timeline


@pytest.fixture
def bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as short, ExitStack() as stack:  # sockets: < 108 bytes
        yield Bench(Path(short), stack)


def migrate(bench: Bench, source: Machine, node: str, *words: str) -> Machine:
    """Pre-copy to a new machine that is left stopped as the source is."""
    target = bench.boot(node, "-S", "-incoming", "defer", *words)
    uri = f"unix:{bench.root}/{target.name}.migrate"
    for machine in (source, target):
        events = [{"capability": "events", "state": True}]
        machine.execute("migrate-set-capabilities", capabilities=events)
    target.execute("migrate-incoming", uri=uri)
    source.events.clear()
    source.execute("migrate", uri=uri)
    source.wait("MIGRATION", status="completed")
    target.wait("MIGRATION", status="completed")
    return target


def read_disk(bench: Bench) -> Callable[[int, int], bytes]:
    content = bench.disk.read_bytes()
    return lambda offset, length: content[offset : offset + length]


@pytest.mark.parametrize(
    ("bus", "machine"),
    [(bus, "pc") for bus in BUSES] + [(bus, "q35") for bus in ("scsi", "virtio", "sata")],
)
def test_the_guest_beats_and_writes_on_every_bus(bench: Bench, bus: str, machine: str) -> None:
    image.write_image(bench.disk, WRITING, 2 * MIB)
    guest = bench.boot("a", *BUSES[bus], machine=machine)
    bench.until(lambda timeline: any(beat.writes > 4 for beat in timeline.beats("a")))
    guest.execute("stop")
    timeline = bench.silent()
    last = timeline.beats("a")[-1]
    assert timeline.problems() == []
    dump = guest.dump(WRITING.start, WRITING.end)
    assert check_ram(dump, WRITING, passes=last.passes) == []
    assert check_records(read_disk(bench), WRITING, last.writes) == []


def test_migration_there_and_back_keeps_beat_ram_and_disk(bench: Bench) -> None:
    image.write_image(bench.disk, WRITING, 2 * MIB)
    guest = bench.boot("a", *BUSES["scsi"])
    bench.until(lambda timeline: len(timeline.beats("a")) > 20)
    pids = [guest.process.pid]
    for node in ("b", "a"):
        target = migrate(bench, guest, node, *BUSES["scsi"])
        everything = [machine.dump(0, 32 * MIB) for machine in (guest, target)]
        heard = bench.silent().beating[-1].beats[-1]
        assert compare_dumps(*everything) == []
        range_ = everything[1][WRITING.start : WRITING.end]
        assert check_ram(range_, WRITING, passes=heard.passes) == []
        assert check_records(read_disk(bench), WRITING, heard.writes) == []
        guest.close()
        target.execute("cont")
        pids.append(target.process.pid)
        bench.until(
            lambda timeline: (
                [span.log.pid for span in timeline.beating] == pids
                and len(timeline.beating[-1].beats) > 9
            )
        )
        guest = target
    timeline = bench.timeline()
    assert timeline.problems() == []
    assert [f"{h.source.node}{h.target.node}" for h in timeline.handovers] == ["ab", "ba"]
    assert all(0 < handover.pause_ms < 5000 for handover in timeline.handovers)


def test_the_beat_rate_survives_a_migration(bench: Bench) -> None:
    image.write_image(bench.disk, GuestParameters(), MIB)
    guest = bench.boot("a", *BUSES["scsi"])
    bench.until(lambda timeline: timeline.beats("a"))
    target = migrate(bench, guest, "b", *BUSES["scsi"])
    target.execute("cont")
    timeline = bench.until(lambda timeline: len(timeline.beats("b")) > 100)
    apart = [after.time_ns - one.time_ns for one, after in pairwise(timeline.beats("b"))]
    assert 3.5e6 <= median(apart) <= 4.7e6  # not the mean: a loaded machine loses ticks


def test_a_source_that_goes_on_is_told(bench: Bench) -> None:
    image.write_image(bench.disk, GuestParameters(), MIB)
    guest = bench.boot("a", *BUSES["scsi"], "-snapshot")
    bench.until(lambda timeline: timeline.beats("a"))
    target = migrate(bench, guest, "b", *BUSES["scsi"], "-snapshot")
    for machine in (target, guest):
        machine.execute("cont")
    timeline = bench.until(
        lambda timeline: (
            len(timeline.beats("b")) > 20 and any("came from" in p for p in timeline.problems())
        )
    )
    assert any("beats" in problem and "came from a" in problem for problem in timeline.uniqueness())


def test_a_page_changed_from_outside_is_what_the_guest_complains_of(bench: Bench) -> None:
    image.write_image(bench.disk, WRITING, 2 * MIB)
    page = WRITING.start + 5 * image.PAGE
    guest = bench.boot("a", *BUSES["scsi"], "-gdb", f"unix:{bench.root}/gdb,server=on,wait=off")
    bench.until(lambda timeline: any(beat.passes > 1 for beat in timeline.beats("a")))
    with socket.socket(socket.AF_UNIX) as debugger:
        debugger.connect(f"{bench.root}/gdb")
        poke = f"M{page:x},4:efbeadde"
        debugger.settimeout(PATIENCE_S)
        for packet in (poke, "D"):  # the answer may come behind the news that the guest stopped
            debugger.sendall(f"+${packet}#{sum(packet.encode()) % 256:02x}".encode())
            while b"OK" not in debugger.recv(100):
                pass
    timeline = bench.until(lambda timeline: len(timeline.faults()) > 1)
    assert f"page {page:08X} holds DEADBEEF, expected" in timeline.faults()[0]
    guest.close()


def test_noise_of_a_stopped_guest_is_whole(bench: Bench) -> None:
    noise = GuestParameters(end=5 * MIB, pages_per_tick=image.FREE_RUNNING, mode="noise", fill=True)
    image.write_image(bench.disk, noise, MIB)
    guest = bench.boot("a", *BUSES["virtio"])
    bench.until(lambda timeline: any(beat.passes > 2 for beat in timeline.beats("a")))
    guest.execute("stop")
    passes = bench.silent().beats("a")[-1].passes
    dump = guest.dump(noise.start, noise.end)
    assert check_ram(dump, noise, passes=passes) == []
    assert check_ram(dump[: 2 * MIB] + dump[:MIB] + dump[3 * MIB :], noise, passes=passes) != []


def test_a_disk_that_fails_is_what_the_guest_complains_of(bench: Bench) -> None:
    small = GuestParameters(lba=4096, write_interval=5, drive=0x80)  # its records are past the end
    bench.disk.write_bytes(image.boot_code(small).ljust(MIB, b"\0"))
    bench.boot("a", *BUSES["ide"])
    timeline = bench.until(lambda timeline: timeline.faults())
    assert "writing record 00000001 failed with BIOS status" in timeline.faults()[0]


def test_records_go_to_the_drive_that_is_named(bench: Bench) -> None:
    parameters = WRITING._replace(drive=0x81, lba=3)
    image.write_image(bench.disk, parameters, MIB)
    second = bench.root / "second.raw"
    second.write_bytes(bytes(MIB))
    words = ["-device", "virtio-blk-pci,drive=disk,bootindex=1"]
    words += ["-drive", f"file={second},if=none,id=two,format=raw"]
    words += ["-device", "virtio-blk-pci,drive=two,bootindex=2", "-boot", "strict=on"]
    guest = bench.boot("a", *words)
    bench.until(lambda timeline: any(beat.writes > 3 for beat in timeline.beats("a")))
    guest.execute("stop")
    last = bench.silent().beats("a")[-1]
    assert bench.disk.read_bytes()[4096:] == bytes(MIB - 4096)
    bench.disk = second
    assert check_records(read_disk(bench), parameters, last.writes) == []
