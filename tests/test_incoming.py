"""The target's side: the lines it reads and the drives it receives (API-31, P2-09)."""

import pytest

from reference.cluster.storages import parse_storages
from reference.errors import Failure
from reference.guest.config import parse_config
from reference.guest.incoming import Facts, nbd_drives, read_facts

STORAGES = parse_storages(
    "dir: local\n\tpath /l\n\ndir: both\n\tpath /b\n\tshared 1\n", "storage.cfg"
)


def received(text: str) -> list[str]:
    return [drive.key for drive in nbd_drives(parse_config(100, text, "100.conf"), STORAGES)]


def test_nothing_on_standard_input() -> None:
    assert read_facts([]) == Facts()


def test_every_line_of_the_source() -> None:
    lines = [
        "nbd_protocol_version: 1\n",
        "offline_volume: scsi1: local:100/vm-100-disk-3.raw\n",
        "tpmstate0: local:100/vm-100-disk-4.raw\n",
        "spice_ticket: secret word\n",
        "replicated_volume: pool:vm-100-disk-0\n",
        "replicated_volume: pool:vm-100-disk-1",
    ]
    offline = {"scsi1": "local:100/vm-100-disk-3.raw", "tpmstate0": "local:100/vm-100-disk-4.raw"}
    replicated = frozenset({"pool:vm-100-disk-0", "pool:vm-100-disk-1"})
    assert read_facts(lines) == Facts(1, replicated, offline, "secret word")


def test_the_first_unknown_line_is_the_ticket(capsys: pytest.CaptureFixture[str]) -> None:
    assert read_facts(["ticket\n", "what\n"]).spice_ticket == "ticket"
    assert capsys.readouterr().err == "unknown 'start' parameter on STDIN: 'what'\n"


def test_received_drives_are_local_disks_in_string_order() -> None:
    disks = "".join(f"{key}: local:100/{key}.raw\n" for key in ("scsi2", "scsi10", "scsi1"))
    others = (
        "scsi3: both:100/c.raw\nscsi4: /dev/sda,shared=1\nefidisk0: local:100/e.raw\n"
        "tpmstate0: local:100/t.raw\nide2: local:iso/x.iso,media=cdrom\nide0: none,media=cdrom\n"
        "unused0: local:100/u.raw\n"
    )
    assert received(disks + others) == ["efidisk0", "scsi1", "scsi10", "scsi2"]


def test_a_disk_on_an_unknown_storage() -> None:
    with pytest.raises(Failure, match=r"^scsi0: storage 'gone' does not exist$"):
        received("scsi0: gone:100/a.raw")
