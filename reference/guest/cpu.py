"""Processors that only the cluster or the node can spell out: custom models, `nested-virt`."""

from __future__ import annotations

from reference.cluster import paths
from reference.cluster.sections import parse_property_string, parse_sections
from reference.errors import Failure
from reference.files import read_file

_CUSTOM, _NESTED, _DEFAULT = "custom-", "nested-virt", "kvm64"


def is_abstract(text: str) -> bool:
    """Whether QEMU's argument depends on more than the guest's config (CPU-03)."""
    options = parse_property_string(text, "cputype")
    nested = any(flag[1:] == _NESTED for flag in _flags(options))
    return nested or options.get("cputype", "").startswith(_CUSTOM)


def of_process(pid: int) -> str:
    """QEMU's argument, as the process was started with it; its last word counts."""
    with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
        words = file.read().split("\0")
    return [words[at + 1] for at, word in enumerate(words) if word == "-cpu"][-1]


def literal(text: str) -> str:
    """QEMU's argument, as this node understands it now."""
    options = parse_property_string(text, "cputype")
    model, flags = options.get("cputype", _DEFAULT), _flags(options)
    if model.startswith(_CUSTOM):
        custom = _custom(model)
        model, flags = custom.get("reported-model", _DEFAULT), [*_flags(custom), *flags]
    return ",".join([model, *(flag.replace(_NESTED, _nested()) for flag in flags)])


def _flags(options: dict[str, str]) -> list[str]:
    return [flag for flag in options.get("flags", "").split(";") if flag]


def _custom(model: str) -> dict[str, str]:
    path = paths.cpu_models()
    name = model.removeprefix(_CUSTOM)
    section = parse_sections(read_file(path), path).get(name)
    if section is None or section.type != "cpu-model":
        raise Failure(f"cpu: custom model '{name}' is not known (expected a model of {path})")
    if unknown := sorted(section.options.keys() - {"flags", "reported-model"}):
        raise Failure(f"cpu: custom model '{name}': {', '.join(unknown)} is not supported here")
    return section.options


def _nested() -> str:
    """The flag that this node's vendor has for it."""
    return "svm" if "AuthenticAMD" in read_file("/proc/cpuinfo") else "vmx"
