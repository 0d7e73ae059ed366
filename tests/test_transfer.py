"""Volume streams between real processes: formats, names, content, and what a failure leaves."""

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import storage
from reference.cluster import paths
from reference.cluster.storages import Storage, parse_storages
from reference.errors import Failure
from reference.storage.transfer import (
    align_up,
    rate_limited_copy,
    receive,
    send,
    target_volname,
    transfer_format,
)

MIB = 1 << 20
HEADER = struct.Struct("<Q")
CHECKOUT = Path(__file__).parents[1]
_PVESM = f"""
import os, sys
sys.path.insert(0, {str(CHECKOUT)!r})
os.geteuid = lambda: 0
from reference.cluster import paths
paths.ROOT = sys.argv[1]
from reference.cli.pvesm import main
raise SystemExit(main(sys.argv[2:]))
"""


class Node:
    """A directory that stands for a node's root; pvesm runs in it as a process of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.images = root / "alt/images"
        for folder in ("etc/pve", "run", "vz", "alt"):
            (root / folder).mkdir(parents=True)
        text = f"dir: local\n\tpath {root}/vz\n\ndir: alt\n\tpath {root}/alt\n"
        text += f"\ndir: chain\n\tpath {root}/vz\n\tsnapshot-as-volume-chain 1\n"
        (root / "etc/pve/storage.cfg").write_text(text)
        self.storages = parse_storages(text, "storage.cfg")

    def start(self, *words: str, stdin: int = subprocess.PIPE) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-I", "-c", _PVESM, str(self.root), *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=stdin, stdout=pipe, stderr=pipe)

    def run(self, *words: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        with self.start(*words) as process:
            out, err = process.communicate(stdin, timeout=30)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def volume(self, fmt: str, content: dict[int, bytes], size: int = 8 * MIB) -> Path:
        """local:100/vm-100-disk-0.<fmt> holding these pieces."""
        volid = storage.alloc_volume(self.storages, "local", 100, fmt, None, size)
        path = Path(storage.volume_path(self.storages, volid))
        raw = self.root / "content"
        with raw.open("wb") as file:
            os.truncate(file.fileno(), size)
            for position, piece in content.items():
                os.pwrite(file.fileno(), piece, position)
        convert = [paths.QEMU_IMG, "convert", "-n", "-f", "raw", "-O", fmt, str(raw), str(path)]
        subprocess.run(convert, check=True)
        return path


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    node = Node(tmp_path)
    yield node
    node.images.mkdir(exist_ok=True)
    assert not [path for path in node.images.iterdir() if not any(path.iterdir())]


def make(kind: str) -> Storage:
    return Storage("t", kind, "/t", frozenset(["images"]), None, False, False, None, {})


def same(first: Path, second: Path) -> bool:
    compare = [paths.QEMU_IMG, "compare", str(first), str(second)]
    return subprocess.run(compare, check=False, capture_output=True).returncode == 0


PIECES = {0: b"head", 3 * MIB - 5: os.urandom(70000), 8 * MIB - 1: b"z"}


@pytest.mark.parametrize(
    ("export", "import_", "expected"),
    [
        (["raw+size"], ["raw+size"], "raw+size"),
        (["btrfs", "raw+size"], ["raw+size"], "raw+size"),
        (["zfs"], ["raw+size"], None),
        ([], ["raw+size"], None),
    ],
)
def test_the_first_common_format(
    export: list[str], import_: list[str], expected: str | None
) -> None:
    assert transfer_format(export, import_) == expected


@pytest.mark.parametrize(
    ("source", "target", "volname", "fmt", "expected"),
    [
        ("dir", "dir", "100/vm-100-disk-0.qcow2", "qcow2", "100/vm-100-disk-0.qcow2"),
        ("dir", "lvm", "100/vm-100-disk-0.raw", "raw", "vm-100-disk-0"),
        ("lvmthin", "dir", "vm-100-disk-0", "raw", "100/vm-100-disk-0.raw"),
        ("dir", "btrfs", "100/vm-100-disk-0.raw", "raw", "100/vm-100-disk-0.raw"),
        ("zfspool", "lvm", "vm-100-disk-0", "raw", "vm-100-disk-0"),
    ],
)
def test_target_names(source: str, target: str, volname: str, fmt: str, expected: str) -> None:
    assert target_volname(source, make(target), volname, fmt, 100) == expected


@pytest.mark.parametrize("target", ["lvm", "lvmthin", "zfspool", "btrfs"])
def test_a_format_the_target_type_has_not_is_refused(target: str) -> None:
    with pytest.raises(Failure, match="does not support format 'qcow2'"):
        target_volname("dir", make(target), "100/vm-100-disk-0.qcow2", "qcow2", 100)


@pytest.mark.parametrize(
    ("fmt", "snapshot", "base", "with_snapshots", "export", "import_"),
    [
        ("raw", None, None, False, ["raw+size"], ["raw+size"]),
        ("raw", None, None, True, [], []),
        ("qcow2", None, None, True, ["qcow2+size"], ["qcow2+size"]),
        ("vmdk", None, None, True, ["vmdk+size"], ["vmdk+size"]),
        ("qcow2", None, None, False, ["raw+size"], ["raw+size"]),
        ("qcow2", "s", None, True, [], ["qcow2+size"]),
        ("raw", "s", None, False, [], ["raw+size"]),
        ("raw", None, "b", False, [], []),
        ("qcow2", "s", "b", True, [], []),
    ],
)
def test_the_directory_row_of_the_format_matrix(
    fmt: str, snapshot: str | None, base: str | None, with_snapshots: bool,
    export: list[str], import_: list[str],
) -> None:  # fmt: skip
    plugin, name = storage.plugin(make("dir")), f"100/vm-100-disk-0.{fmt}"
    assert plugin.export_formats(name, with_snapshots, snapshot, base) == export
    assert plugin.import_formats(name, with_snapshots, base) == import_


def send_all(source: int, out: int, size: int) -> None:
    send(source, out, size)
    os.close(out)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 3 * MIB),
    st.lists(st.tuples(st.integers(0, 3 * MIB), st.binary(min_size=1, max_size=300)), max_size=4),
)
def test_any_file_arrives_as_it_was_sent(
    tmp_path_factory: pytest.TempPathFactory, size: int, pieces: list[tuple[int, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("stream")
    source, target = folder / "source", folder / "target"
    target.touch()
    with source.open("w+b") as file:
        for position, piece in pieces:
            os.pwrite(file.fileno(), piece, position)
        os.truncate(file.fileno(), size)
        stream, out = os.pipe()
        sender = threading.Thread(target=send_all, args=(file.fileno(), out, size))
        sender.start()
        assert HEADER.unpack(os.read(stream, 8)) == (size,)
        receive(stream, str(target), size)
        sender.join()
        os.close(stream)
    assert target.read_bytes() == source.read_bytes() + bytes(align_up(size) - size)


@pytest.mark.parametrize("fmt", ["raw", "qcow2", "vmdk"])
def test_export_into_import(node: Node, fmt: str) -> None:
    path = node.volume(fmt, PIECES)
    flags = ["-with-snapshots", str(int(fmt != "raw"))]
    export = node.run("export", f"local:100/{path.name}", f"{fmt}+size", "-", *flags)
    assert (export.returncode, export.stderr) == (0, b"")
    assert HEADER.unpack_from(export.stdout) == (8 * MIB,)
    assert export.stdout[8:] == path.read_bytes()
    wanted = f"alt:100/{path.name}"
    import_ = node.run("import", wanted, f"{fmt}+size", "-", *flags, stdin=export.stdout)
    assert import_.stdout.decode() == f"successfully imported '{wanted}'\n"
    assert import_.returncode == 0
    copy = node.images / "100" / path.name
    assert same(path, copy)
    assert copy.stat().st_blocks * 512 < MIB  # the rest is a hole


def test_a_qcow2_can_be_exported_as_raw(node: Node) -> None:
    path = node.volume("qcow2", PIECES)
    export = node.run("export", f"local:100/{path.name}", "raw+size", "-")
    assert HEADER.unpack_from(export.stdout) == (8 * MIB,)
    assert export.stdout[8:] == (node.root / "content").read_bytes()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_snapshots_travel_with_their_qcow2(node: Node) -> None:
    path = node.volume("qcow2", PIECES)
    subprocess.run([paths.QEMU_IMG, "snapshot", "-c", "kept", str(path)], check=True)
    stream = node.run("export", f"local:100/{path.name}", "qcow2+size", "-", "-with-snapshots")
    import_ = node.run(
        "import", f"alt:100/{path.name}", "qcow2+size", "-", "-with-snapshots", "1",
        stdin=stream.stdout,
    )  # fmt: skip
    assert import_.returncode == 0, import_.stderr
    listed = subprocess.run(
        [paths.QEMU_IMG, "snapshot", "-l", str(node.images / "100" / path.name)],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert "kept" in listed


def test_a_chain_of_volumes_cannot_be_exported_with_snapshots(node: Node) -> None:
    path = node.volume("qcow2", PIECES)
    done = node.run("export", f"chain:100/{path.name}", "qcow2+size", "-", "-with-snapshots", "1")
    assert done.returncode == 255
    assert b"chain of volumes" in done.stderr


def test_a_name_in_use_is_refused_or_replaced_with_a_warning(node: Node) -> None:
    stream = HEADER.pack(MIB) + bytes(MIB)
    words = ("import", "alt:100/vm-100-disk-0.raw", "raw+size", "-", "-allow-rename")
    first = node.run(*words, "1", stdin=stream)
    second = node.run(*words, "1", stdin=stream)
    third = node.run(*words, "0", stdin=stream)
    assert first.stdout == b"successfully imported 'alt:100/vm-100-disk-0.raw'\n"
    assert second.stdout == b"successfully imported 'alt:100/vm-100-disk-1.raw'\n"
    assert b"already exists - imported under another name" in second.stderr
    assert third.returncode == 255
    assert third.stderr == b"volume 'alt:100/vm-100-disk-0.raw' already exists\n"
    assert len(list((node.images / "100").iterdir())) == 2


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"", "expected an 8-byte size, got 0 bytes"),
        (b"abc", "expected an 8-byte size, got 3 bytes"),
        (b"\xff" * 8, "too short: expected 18446744073709551615 bytes, got 0"),
        (HEADER.pack(MIB) + bytes(MIB - 1), f"too short: expected {MIB} bytes, got {MIB - 1}"),
        (HEADER.pack(MIB) + bytes(MIB + 1), f"too long: expected {MIB} bytes"),
    ],
)
def test_a_stream_of_another_length_leaves_nothing(node: Node, stream: bytes, reason: str) -> None:
    done = node.run("import", "alt:100/vm-100-disk-0.raw", "raw+size", "-", stdin=stream)
    assert (done.returncode, done.stdout) == (255, b"")
    assert reason in done.stderr.decode()
    assert not list(node.images.glob("*"))


@pytest.mark.parametrize("cut", [100, 70000, 300000])
def test_a_cut_qcow2_leaves_nothing(node: Node, cut: int) -> None:
    path = node.volume("qcow2", {0: os.urandom(2 * MIB)})
    stream = node.run("export", f"local:100/{path.name}", "qcow2+size", "-", "-with-snapshots")
    words = ("import", f"alt:100/{path.name}", "qcow2+size", "-", "-with-snapshots", "1")
    done = node.run(*words, stdin=stream.stdout[:cut])
    assert (done.returncode, done.stdout) == (255, b"")
    assert len(done.stderr.splitlines()) == 1
    assert not list(node.images.glob("*"))
    other = node.run(*words, stdin=HEADER.pack(4 * MIB) + stream.stdout[8:])
    assert b"has size 8388608, expected the announced 4194304" in other.stderr
    assert not list(node.images.glob("*"))


def begin_import(node: Node) -> "subprocess.Popen[bytes]":
    """An import that has got its header and a piece of data and waits for more."""
    process = node.start("import", "alt:100/vm-100-disk-0.raw", "raw+size", "-")
    assert process.stdin
    process.stdin.write(HEADER.pack(8 * MIB) + b"x" * 2 * MIB)
    process.stdin.flush()
    file = node.images / "100/vm-100-disk-0.raw"
    deadline = time.monotonic() + 20
    while not (file.exists() and file.stat().st_size):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT], ids=lambda n: n.name
)
def test_a_signal_removes_the_partial_copy(node: Node, number: signal.Signals) -> None:
    with begin_import(node) as process:
        process.send_signal(number)
        assert process.wait(20) == 255
        assert process.stderr
        assert process.stderr.read() == b"interrupted by signal\n"
    assert not list(node.images.glob("*"))


def test_a_success_nobody_hears_of_is_undone(node: Node) -> None:
    with begin_import(node) as process:
        assert process.stdout
        assert process.stdin
        process.stdout.close()
        process.stdin.write(b"y" * 6 * MIB)
        process.stdin.close()
        assert process.wait(20) == 255
    assert not list(node.images.glob("*"))


def test_one_tcp_connection(node: Node) -> None:
    stream = HEADER.pack(2 * MIB) + b"x" * 2 * MIB
    address = "tcp://127.0.0.0/8"
    with node.start("import", "alt:100/vm-100-disk-0.raw", "raw+size", address) as process:
        assert process.stdout
        ip, port = (process.stdout.readline().decode().strip() for _ in range(2))
        assert ip == "127.0.0.1"
        assert 60000 <= int(port) < 60050
        with socket.create_connection((ip, int(port))) as client:
            client.sendall(stream)
            client.shutdown(socket.SHUT_WR)
            assert process.stdout.readline().startswith(b"successfully imported 'alt:100/")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((ip, int(port)))
    assert (node.images / "100/vm-100-disk-0.raw").read_bytes() == stream[8:]


def test_a_listener_ends_with_its_reader(node: Node) -> None:
    words = ("import", "alt:100/vm-100-disk-0.raw", "raw+size", "tcp://127.0.0.1")
    with node.start(*words) as process:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(10) == 255
    assert not node.images.exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["export", "local:100/none.raw", "raw+size", "-"], "does not exist"),
        (["export", "local:100/none.raw", "qcow2+size", "-"], "expected raw+size"),
        (["export", "local:100/none.raw", "nonsense", "-"], "400 Parameter verification failed"),
        (["import", "alt:100/a.raw", "qcow2+size", "-"], "expected raw+size"),
        (["import", "alt:100/a.qcow2", "raw+size", "-"], "of the same format"),
        (["import", "alt:100/a.qcow2", "qcow2+size", "-"], "expected raw+size"),
        (["import", "alt:100/../a.raw", "raw+size", "-"], "unable to parse volume ID"),
        (["import", "alt:100/a.raw", "raw+size", "/none"], "expected - for standard input"),
        (["export", "local:100/a.raw", "raw+size", "/none"], "expected - for standard output"),
        (["import", "alt:iso/a.iso", "raw+size", "-"], "expected an image volume"),
        (["import", "alt:100/a.raw", "raw+size"], "400 not enough arguments"),
    ],
)
def test_bad_requests_are_one_line_and_change_nothing(
    node: Node, words: list[str], reason: str
) -> None:
    done = node.run(*words, stdin=HEADER.pack(8) + bytes(8))
    assert (done.returncode, done.stdout) == (255, b"")
    assert reason in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert not node.images.exists()


def test_the_copy_keeps_to_its_rate_without_spinning() -> None:
    rate, size = 4 * MIB, 2 * MIB
    with subprocess.Popen(["head", "-c", str(size), "/dev/zero"], stdout=subprocess.PIPE) as source:
        assert source.stdout
        with open(os.devnull, "wb") as sink:
            start, busy = time.monotonic(), time.thread_time()
            assert rate_limited_copy(source.stdout.fileno(), sink.fileno(), rate) == size
            took = time.monotonic() - start
    assert took >= 0.9 * size / rate
    assert time.thread_time() - busy < 0.5 * took


def test_the_copy_without_a_rate_is_complete(tmp_path: Path) -> None:
    content = os.urandom(3 * MIB + 7)
    (tmp_path / "a").write_bytes(content)
    with (tmp_path / "a").open("rb") as source, (tmp_path / "b").open("wb") as target:
        assert rate_limited_copy(source.fileno(), target.fileno(), None) == len(content)
    assert (tmp_path / "b").read_bytes() == content
