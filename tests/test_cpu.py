"""Processors that only the cluster or the node can spell out."""

import subprocess
import sys
from pathlib import Path

import pytest

from reference.cluster import paths
from reference.errors import Failure
from reference.guest import cpu

MODELS = """\
cpu-model: lab
\tflags +aes;-svm
\treported-model qemu64

cpu-model: shy
\thidden 1
"""


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "ROOT", str(tmp_path))
    path = Path(paths.cpu_models())
    path.parent.mkdir(parents=True)
    path.write_text(MODELS)


@pytest.mark.parametrize(
    ("text", "abstract"),
    [
        ("kvm64", False),
        ("cputype=host,flags=+aes;-svm", False),
        ("custom-lab", True),
        ("cputype=custom-lab,flags=+aes", True),
        ("host,flags=+aes;+nested-virt", True),
        ("host,flags=-nested-virt", True),
        ("", False),
    ],
)
def test_what_depends_on_more_than_the_config(text: str, abstract: bool) -> None:
    assert cpu.is_abstract(text) is abstract


def test_flags_of_the_guest_come_after_those_of_its_model() -> None:
    assert cpu.literal("custom-lab,flags=+avx") == "qemu64,+aes,-svm,+avx"


def test_nested_virtualization_has_the_name_that_the_vendor_gave_it() -> None:
    assert cpu.literal("host,flags=-nested-virt;+aes") in ("host,-svm,+aes", "host,-vmx,+aes")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("custom-other", "model 'other' is not known"),
        ("custom-shy", "'shy': hidden is not supported"),
    ],
)
def test_a_model_that_cannot_be_honoured_is_refused(model: str, reason: str) -> None:
    with pytest.raises(Failure, match=reason):
        cpu.literal(model)


def test_what_a_process_was_started_with() -> None:
    script = "print(flush=True); input()"
    words = [sys.executable, "-c", script, "-cpu", "kvm64", "-m", "1", "-cpu", "qemu64,+aes"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as child:
        assert child.stdout
        child.stdout.readline()  # its words are there some time after it was started
        assert cpu.of_process(child.pid) == "qemu64,+aes"
