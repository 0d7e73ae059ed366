"""Replication jobs, their state and runs, on real files and locks (REPL-*, LOCK-12..14)."""

import fcntl
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reference import task
from reference.cli import pvesr
from reference.cluster import membership, paths
from reference.errors import Failure
from reference.locks import guest_migration_lock
from reference.replication import jobs, run, state

Node = Callable[..., Path]
JOBS = "local: 100-0\n\ttarget pve2\n\trate 10\n\nlocal: 100-1\n\ttarget pve3\n\tdisable\n"
DISK = "scsi0: local:100/vm-100-disk-0.raw,size=4K\n"
STATE = "var/lib/pve-manager/pve-replication-state.json"
CFG = "etc/pve/replication.cfg"


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """Node pve1 below a directory; called with a guest's config and jobs, it lays them out."""
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    monkeypatch.setattr(membership, "local_node", lambda: "pve1")
    monkeypatch.setattr("reference.storage.local_node", lambda: "pve1")
    image = tmp_path / "vz/images/100/vm-100-disk-0.raw"
    image.parent.mkdir(parents=True)
    image.write_bytes(bytes(4096))
    foreign = image.parents[1] / "200/vm-200-disk-0.raw"
    foreign.parent.mkdir()
    foreign.write_bytes(bytes(4096))
    guests = tmp_path / "etc/pve/nodes/pve1/qemu-server"
    guests.mkdir(parents=True)
    (tmp_path / "etc/pve/storage.cfg").write_text(
        f"dir: local\n\tpath {tmp_path}/vz\n\tcontent images,iso\n\n"
        f"dir: san\n\tpath {tmp_path}/san\n\tcontent images\n\tshared 1\n"
    )

    def lay_out(config: str = "", cfg: str = JOBS) -> Path:
        (guests / "100.conf").write_text(f"memory: 16\n{config}")
        (tmp_path / CFG).write_text(cfg)
        return tmp_path

    return lay_out


def states(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / STATE).read_text())
    return found


def run_100(number: int = 0) -> list[str]:
    log: list[str] = []
    run.run_job(jobs.load_jobs()[f"100-{number}"], log.append)
    return log


def test_without_a_file_there_are_no_jobs(node: Node) -> None:
    (node() / CFG).unlink()
    assert jobs.load_jobs() == {}
    assert jobs.replication_of(100, "pve2") == jobs.Replication("pve2", None, False)


def test_even_a_disabled_job_counts(node: Node) -> None:
    node()
    found = jobs.replication_of(100, "pve3")
    assert found.job
    assert (found.job.id, found.job.disabled, found.replicated) == ("100-1", True, True)
    assert jobs.replication_of(101, "pve3") == jobs.Replication("pve3", None, False)


@pytest.mark.parametrize(
    ("text", "line", "got"),
    [
        ("remote: 100-0\n\ttarget pve2\n", 1, "remote: 100-0"),
        ("local: 99-0\n\ttarget pve2\n", 1, "local: 99-0"),
        ("local: 100\n\ttarget pve2\n", 1, "local: 100"),
        ("local: 100-0\n\trate 1\n", 1, "none"),
        ("local: 100-0\n\ttarget -x\n", 2, "target -x"),
        ("local: 100-0\n\ttarget pve2\n\trate fast\n", 3, "rate fast"),
        ("local: 100-0\n\ttarget pve2\n\tremove_job yes\n", 3, "remove_job yes"),
        ("local: 100-0\n\ttarget pve2\n\tcolour red\n", 3, "colour red"),
        (f"{JOBS}\nlocal: 100-7\n\ttarget pve2\n", 9, "another, 100-7"),
    ],
)
def test_a_malformed_job_is_refused_by_line(text: str, line: int, got: str) -> None:
    with pytest.raises(Failure, match=rf"^r.cfg: line {line}: expected .*, got '{got}'$"):
        jobs.parse_jobs(text, "r.cfg")


def test_jobs_turn_round(node: Node) -> None:
    root = node(cfg=f"{JOBS}\nlocal: 101-0\n\ttarget pve2\n")
    jobs.switch_jobs(100, "pve1", "pve2")
    turned = {job.id: job.options for job in jobs.load_jobs().values()}
    assert turned == {
        "100-0": {"target": "pve1", "rate": "10", "source": "pve2"},
        "100-1": {"target": "pve3", "disable": "", "source": "pve2"},
        "101-0": {"target": "pve2"},
    }
    assert {file.name for file in (root / CFG).parent.glob("repl*")} == {"replication.cfg"}


def test_jobs_that_would_contradict_each_other_stay_as_they_are(node: Node) -> None:
    cfg = f"{JOBS}\nlocal: 100-2\n\ttarget pve1\n"
    root = node(cfg=cfg)
    with pytest.raises(Failure, match="expected one job of guest 100 to 'pve1'"):
        jobs.switch_jobs(100, "pve1", "pve2")
    assert (root / CFG).read_text() == cfg


def test_only_the_job_to_the_target_can_be_in_removal(node: Node) -> None:
    node(cfg=f"{JOBS}\tremove_job full\n")
    jobs.replication_of(100, "pve2").check_removal()
    with pytest.raises(Failure, match="'100-1' to node 'pve3' is marked for removal"):
        jobs.replication_of(100, "pve3").check_removal()


def test_a_running_guest_goes_where_its_replicas_are_or_by_force(node: Node) -> None:
    node(cfg="local: 100-0\n\ttarget pve2\n")
    assert jobs.replication_of(100, "pve2").check_live(False) is None
    assert jobs.replication_of(101, "pve3").check_live(False) is None
    with pytest.raises(Failure, match="'pve3' is not a replication target"):
        jobs.replication_of(100, "pve3").check_live(False)
    assert "will fail" in (jobs.replication_of(100, "pve3").check_live(True) or "")


@pytest.mark.parametrize(
    "config",
    [
        "",
        DISK.replace("size=4K", "replicate=0"),
        "ide2: none,media=cdrom\n",
        "ide2: local:iso/x.iso,media=cdrom\n",
        "scsi0: san:100/vm-100-disk-0.raw\n",
        "scsi0: /dev/sdz,replicate=0\n",
        "scsi0: local:200/vm-200-disk-0.raw\n",
    ],
)
def test_a_guest_without_replicatable_volumes_is_in_sync(node: Node, config: str) -> None:
    root = node(config)
    began = int(time.time())
    assert run_100() == ["start replication job", "volumes => none", "end replication job"]
    known = states(root)["100"]["local/pve2"]
    assert began <= known.pop("last_sync") <= time.time()
    assert known.pop("last_try") == known.pop("last_iteration") >= began
    assert 0 < known.pop("duration") < 5
    assert known == {"fail_count": 0, "storeid_list": [], "last_node": "pve1"}


@pytest.mark.parametrize(
    ("config", "error"),
    [
        (DISK, "missing replicate feature on volume 'local:100/vm-100-disk-0.raw'"),
        (f"[before]\n{DISK}", "missing replicate feature on volume 'local:100/vm-100-disk-0.raw'"),
        ("scsi0: /dev/sdz\n", "unable to replicate local file/device '/dev/sdz'"),
        ("scsi0: gone:100/vm-100-disk-0.raw\n", "storage 'gone' does not exist"),
    ],
)
def test_a_volume_without_the_feature_fails_the_job(node: Node, config: str, error: str) -> None:
    root = node(config)
    for count in (1, 2):
        with pytest.raises(Failure, match=f"^{error}$"):
            run_100()
        known = states(root)["100"]["local/pve2"]
        assert (known["fail_count"], known["error"], known["last_sync"]) == (count, error, 0)
        assert known["last_try"] > 0
        assert not {"pid", "ptime"} & known.keys()
    (root / "etc/pve/nodes/pve1/qemu-server/100.conf").write_text("memory: 16\n")
    run_100()
    known = states(root)["100"]["local/pve2"]
    assert (known["fail_count"], "error" in known) == (0, False)


def test_a_start_not_after_the_last_sync_aborts(node: Node) -> None:
    root = node()
    late = int(time.time()) + 3600
    state.store_states(100, json.dumps({"local/pve2": {"last_sync": late}}))
    with pytest.raises(Failure, match=rf"start time before last sync \(\d+ <= {late}\)"):
        run_100()
    known = states(root)["100"]["local/pve2"]
    assert (known["last_sync"], known["fail_count"]) == (late, 1)


def test_removal_deletes_definition_and_state(node: Node) -> None:
    root = node(DISK, f"{JOBS}\tremove_job full\n")
    state.store_states(100, '{"local/pve2": {"last_sync": 5}, "local/pve3": {"last_sync": 6}}')
    run_100(1)
    assert list(jobs.load_jobs()) == ["100-0"]
    assert states(root) == {"100": {"local/pve2": {"last_sync": 5}}}


def test_a_run_beside_a_migration_gives_up_and_records_nothing(node: Node) -> None:
    root = node()
    lock = root / "var/lock/pve-manager/pve-migrate-100"
    lock.parent.mkdir(parents=True)
    code = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, 2); print(); input()"
    holder = subprocess.Popen(
        [sys.executable, "-I", "-c", code, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout
        holder.stdout.readline()
        began = time.monotonic()
        with pytest.raises(Failure, match=r"pve-migrate-100' - got timeout"):
            run_100()
        assert 1.9 < time.monotonic() - began < 4
        holder.kill()
    assert not (root / STATE).exists()


def test_a_run_inside_a_migration_passes_and_keeps_the_lock(node: Node) -> None:
    root = node()
    with guest_migration_lock(100):
        run_100()
        lock = root / "var/lock/pve-manager/pve-migrate-100"
        with lock.open("a") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_started_run_names_its_process(node: Node) -> None:
    root = node()
    state.record_start(jobs.load_jobs()["100-0"], 7)
    known = states(root)["100"]["local/pve2"]
    assert task.process_start(known["pid"]) == known["ptime"]
    assert (known["last_try"], known["last_iteration"], known["last_sync"]) == (7, 7, 0)


def test_the_state_moves_with_the_guest(node: Node) -> None:
    root = node()
    state.store_states(100, '{"local/pve2": {"last_sync": 5}, "local/pve3": {"last_sync": 6}}')
    state.store_states(101, '{"local/pve2": {"last_sync": 7}}')
    moved = state.states_after_move(100, "pve1", "pve2")
    assert moved == {"local/pve1": {"last_sync": 5}, "local/pve3": {"last_sync": 6}}
    assert "local/pve2" in states(root)["100"]
    state.store_states(100, "{}")
    assert states(root) == {"101": {"local/pve2": {"last_sync": 7}}}


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["set-state", "100", "nonsense"], "expected JSON"),
        (["set-state", "100", "[]"], "expected an object"),
        (["set-state", "100", '{"pve2": {}}'], "expected 'local/<node>'"),
        (["set-state", "100", '{"local/pve2": {"last_sync": -1}}'], "last_sync: expected"),
        (["set-state", "100", '{"local/pve2": {"fail_count": "1"}}'], "fail_count: expected"),
        (["set-state", "100"], "not enough arguments"),
        (["run"], "id: property is missing"),
        (["run", "--id", "100-9"], "no such job '100-9'"),
        (["run", "--id", "100-1"], "job '100-1' is disabled"),
        (["run", "--id", "101-0"], "nodes/pve1/qemu-server/101.conf' does not exist"),
        (["run", "--id", "100-2"], "unable to sync to the local node"),
        (["walk"], "unknown command 'walk'"),
    ],
)
def test_a_refused_command_changes_nothing(
    node: Node, capsys: pytest.CaptureFixture[str], argv: list[str], expected: str
) -> None:
    more = "\nlocal: 101-0\n\ttarget pve2\n\nlocal: 100-2\n\ttarget pve1\n"
    root = node(cfg=JOBS + more)
    try:
        code = pvesr.main(argv)
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    assert code == 255
    assert expected in capsys.readouterr().err
    assert (root / CFG).read_text() == JOBS + more
    assert not (root / STATE).exists()


def test_a_run_tells_its_course_and_error(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    node(DISK, f"{JOBS}\nlocal: 102-0\n\ttarget pve2\n")
    assert pvesr.main(["run", "--id", "100-0", "--verbose"]) == 255
    out, err = capsys.readouterr()
    assert err == "missing replicate feature on volume 'local:100/vm-100-disk-0.raw'\n"
    assert out.splitlines()[0] == "start replication job"


def test_a_broken_state_file_is_named(node: Node) -> None:
    root = node()
    (root / STATE).parent.mkdir(parents=True)
    (root / STATE).write_text('{"100": ')
    with pytest.raises(Failure, match=r"pve-replication-state.json: expected JSON"):
        run_100()
    assert (root / STATE).read_text() == '{"100": '
