"""The downtime policy and the numbers a migration is given (P2-33, P2-34, P2-47, P2-48)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.guest.machine import machine_version
from reference.migration.convergence import Convergence
from reference.migration.limits import xbzrle_cache_bytes
from reference.migration.mirror import nbd_server, render


def test_the_sixth_stagnation_doubles_the_downtime() -> None:
    policy = Convergence(100, 2_000_000)
    assert [policy.observe(1000 + n) for n in range(7)] == [None] * 6 + [200]


def test_progress_in_between_does_not_reset_the_counter() -> None:
    policy = Convergence(100, 2_000_000)
    rounds = [10, 20, 5, 30, 5, 40, 5, 50, 5, 60, 5, 70]
    assert [policy.observe(r) for r in rounds] == [None] * 11 + [200]


def test_nothing_remaining_counts_as_stagnation() -> None:
    policy = Convergence(100, 2_000_000)
    assert [policy.observe(0) for _ in range(6)] == [None] * 5 + [200]


def test_the_cap_is_reached_once_and_then_silent() -> None:
    policy = Convergence(1_500_000, 2_000_000)
    changes = [policy.observe(n) for n in range(1, 40)]
    assert [change for change in changes if change] == [2_000_000]


@given(st.lists(st.integers(min_value=0, max_value=1 << 40)), st.integers(1, 2_000_000))
def test_the_downtime_only_grows_and_never_exceeds_the_cap(rounds: list[int], start: int) -> None:
    policy, seen = Convergence(start, 2_000_000), start
    for remaining in rounds:
        changed = policy.observe(remaining)
        assert changed is None or seen < changed <= min(2 * seen, 2_000_000)
        seen = changed or seen


@pytest.mark.parametrize(
    ("ram", "cache"),
    [(512, 67108864), (1024, 134217728), (2048, 268435456), (4096, 536870912), (16384, 2147483648)],
)
def test_the_xbzrle_cache_matches_the_measured_examples(ram: int, cache: int) -> None:
    assert xbzrle_cache_bytes(ram) == cache


@given(st.integers(16, 1 << 22))
def test_the_xbzrle_cache_is_the_smallest_fitting_power_of_two(ram: int) -> None:
    size, tenth = xbzrle_cache_bytes(ram), ram * 1024**2 // 10
    assert size & (size - 1) == 0
    assert size // 2 < tenth <= size


@pytest.mark.parametrize(
    ("machine", "version"),
    [
        ("pc-i440fx-7.2", (7, 2)),
        ("pc-q35-10.0", (10, 0)),
        ("pc-q35-10.1+pve0", (10, 1)),
        ("pc-i440fx-9.0.pxe", (9, 0)),
        ("pc", (0, 0)),
        (None, (0, 0)),
    ],
)
def test_machine_versions_are_read_from_the_type(
    machine: str | None, version: tuple[int, int]
) -> None:
    assert machine_version(machine) == version


def test_nbd_addresses_become_qmp_arguments() -> None:
    unix = nbd_server("nbd:unix:/run/qemu-server/100_nbd.migrate:exportname=drive-scsi0")
    assert unix == {
        "server": {"type": "unix", "path": "/run/qemu-server/100_nbd.migrate"},
        "export": "drive-scsi0",
    }
    inet = nbd_server("nbd:[fd00::12]:60001:exportname=drive-virtio1")
    assert inet == {
        "server": {"type": "inet", "host": "fd00::12", "port": "60001"},
        "export": "drive-virtio1",
    }


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0.0 B"), (1023, "1023.0 B"), (1024, "1.0 KiB"), (1048575, "1024.0 KiB")],
)
def test_sizes_are_rendered_with_one_decimal(size: int, text: str) -> None:
    assert render(size) == text
