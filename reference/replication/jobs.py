"""Replication jobs: /etc/pve/replication.cfg and what a migration asks of it (REPL-12)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from reference.cluster import paths
from reference.cluster.sections import FLAGS, Section, format_section, malformed, parse_sections
from reference.errors import Failure
from reference.files import read_file, replace_file
from reference.locks import lock_file

_NODE = (r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?", "a node name")
_OPTIONS = {
    "target": _NODE,
    "source": _NODE,
    "schedule": (r"\S.*", "a calendar event"),
    "rate": (r"\d+(?:\.\d+)?", "a rate in MB/s"),
    "disable": (f"(?i:{'|'.join(FLAGS)})", "a boolean"),
    "remove_job": (r"local|full", "'local' or 'full'"),
    "comment": (r".*", "a text"),
}


class Job(NamedTuple):
    """One job of a guest; `options` as the file has them."""

    id: str
    guest: int
    options: dict[str, str]

    @property
    def target(self) -> str:
        return self.options["target"]

    @property
    def target_id(self) -> str:
        return f"local/{self.target}"

    @property
    def disabled(self) -> bool:
        return FLAGS[self.options.get("disable", "0").lower()]


class Replication(NamedTuple):
    """What a migration to `target` must know: the job there, and whether any exists (PREP-03)."""

    target: str = ""
    job: Job | None = None
    replicated: bool = False

    def check_removal(self) -> None:
        """A job that is being given up takes no migration (PREP-04)."""
        if self.job and "remove_job" in self.job.options:
            what = f"replication job '{self.job.id}' to node '{self.target}'"
            raise Failure(f"can't migrate VM - {what} is marked for removal")

    def check_live(self, force: bool) -> str | None:
        """A running guest goes where its replicas are (API-17, PREP-08); force warns instead."""
        if self.job or not self.replicated:
            return None
        problem = f"node '{self.target}' is not a replication target"
        if not force:
            raise Failure(f"can't live-migrate VM - {problem}")
        return f"{problem} - existing replication jobs will fail after the migration"


def replication_of(vmid: int, target: str) -> Replication:
    """The guest's replication as seen by a migration; a disabled job counts too (PREP-03)."""
    jobs = jobs_of(load_jobs(), vmid)
    to_target = next((job for job in jobs if job.target == target), None)
    return Replication(target, to_target, bool(jobs))


def jobs_of(jobs: dict[str, Job], vmid: int) -> list[Job]:
    """The jobs of one guest."""
    return [job for job in jobs.values() if job.guest == vmid]


def load_jobs() -> dict[str, Job]:
    """All jobs by id; a missing file defines none."""
    path = paths.replication_cfg()
    return parse_jobs(read_file(path), path)


def parse_jobs(text: str, origin: str) -> dict[str, Job]:
    """Read and check replication.cfg: one job per guest and target (REPL-12)."""
    jobs: dict[str, Job] = {}
    pairs: set[tuple[int, str]] = set()
    for section in parse_sections(text, origin).values():
        job = jobs[section.id] = _job(section, origin)
        if (pair := (job.guest, job.target)) in pairs:
            expected = f"one job of guest {job.guest} to '{job.target}'"
            raise malformed(origin, section.line, expected, f"another, {job.id}")
        pairs.add(pair)
    return jobs


def _job(section: Section, origin: str) -> Job:
    match = re.fullmatch(r"([1-9]\d{2,8})-\d{1,9}", section.id, re.ASCII)
    if section.type != "local" or not match:
        expected, got = "'local: <vmid>-<number>'", f"{section.type}: {section.id}"
        raise malformed(origin, section.line, expected, got)
    for key, value in section.options.items():
        pattern, expected = _OPTIONS.get(key, ("(?!)", f"one of {', '.join(_OPTIONS)}"))
        if not re.fullmatch(pattern, value):
            raise malformed(origin, section.lines[key], expected, f"{key} {value}".rstrip())
    if "target" not in section.options:
        raise malformed(origin, section.line, f"an option 'target' for '{section.id}'", "none")
    return Job(section.id, int(match[1]), section.options)


def switch_jobs(vmid: int, source: str, target: str) -> None:
    """Turn the job to `target` round, for the guest lives there now (REPL-09, P3-07)."""
    with _changing() as jobs:
        for job in jobs_of(jobs, vmid):
            if job.target == target:
                job.options["target"] = source
            job.options["source"] = target


def delete_job(jobid: str) -> None:
    """Remove a job's definition (REPL-30)."""
    with _changing() as jobs:
        jobs.pop(jobid, None)


@contextmanager
def _changing() -> Iterator[dict[str, Job]]:
    """The jobs, written back after the block unless they have become contradictory."""
    path = paths.replication_cfg()
    with lock_file(paths.replication_cfg_lock()):
        jobs = load_jobs()
        yield jobs
        text = "".join(format_section("local", job.id, job.options) for job in jobs.values())
        parse_jobs(text, path)
        replace_file(path, text)
