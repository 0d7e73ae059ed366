"""The laws of ARCHITECTURE.md that a syntax tree can hold, and the size of what it holds."""

import ast
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("reference", "fixtures", "steps", "features")

# law 1: what each room may import of the checkout, besides itself
MAY_IMPORT = {"reference": "", "fixtures": "", "steps": "fixtures", "features": "steps fixtures"}

# law 2: the modules that may know a foreign library
MONITORS = ("reference/guest/monitor.py", "fixtures/observe/monitor.py")
ACCESS = ("fixtures/labs/*access*.py",)
HOME_OF = {
    "qemu": MONITORS,
    "asyncio": MONITORS,
    "paramiko": ACCESS,
    "testinfra": ACCESS,
    "vagrant": ("fixtures/labs/vagrant.py",),
    "starlette": ("reference/api/server.py",),
    "uvicorn": ("reference/api/server.py",),
}

# law 3: the modules that decide; they take facts and return values
DECIDING = (
    "reference/api/methods.py",
    "reference/api/operations.py",
    "reference/api/schema.py",
    "reference/idmap.py",
    "reference/bandwidth.py",
    "reference/cluster/sections.py",
    "reference/cluster/users.py",
    "reference/guest/changes.py",
    "reference/guest/devices.py",
    "reference/guest/drives.py",
    "reference/guest/machine.py",
    "reference/guest/resources.py",
    "reference/guest/schema.py",
    "reference/guest/volumes.py",
    "reference/migration/convergence.py",
)
PURE_HELPERS = ("reference/errors.py", "reference/cluster/paths.py")
VALUES = {
    "reference.guest.config.GuestConfig",
    "reference.cluster.mappings.ResourceMapping",
    "reference.cluster.storages.Storage",
}
OUTSIDE = {
    "asyncio",
    "builtins",
    "ctypes",
    "fcntl",
    "fileinput",
    "glob",
    "http",
    "importlib",
    "io",
    "logging",
    "mmap",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "select",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "socketserver",
    "ssl",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "urllib",
}
OUTSIDE_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}

Law = Callable[[str, ast.Module], Iterator[str]]


def imports(tree: ast.Module, path: str) -> Iterator[str]:
    """Every `module.name` imported anywhere in the file, absolute: a name may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = path.split("/")[: -node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (str(a.value) for a in node.args if isinstance(a, ast.Constant))


def import_direction(path: str, tree: ast.Module) -> Iterator[str]:
    room = path.split("/")[0]
    allowed = {room, *MAY_IMPORT[room].split()}
    for name in imports(tree, path):
        other = name.split(".")[0]
        if other in {*ROOMS, "tests", "benchmarks"} - allowed:
            yield f"{path} imports {name}"


def one_room_per_library(path: str, tree: ast.Module) -> Iterator[str]:
    for name in imports(tree, path):
        homes = HOME_OF.get(name.split(".")[0])
        if homes is not None and not any(fnmatch(path, home) for home in homes):
            yield f"{path} imports {name}, which belongs in {' or '.join(homes)}"


def deciding_is_pure(path: str, tree: ast.Module) -> Iterator[str]:
    if path not in DECIDING:
        return
    pure = {file.removesuffix(".py").replace("/", ".") for file in (*DECIDING, *PURE_HELPERS)}
    for name in imports(tree, path):
        if name.split(".")[0] in OUTSIDE:
            yield f"{path} imports {name}"
        named = {name, name.rpartition(".")[0]}
        if name.startswith("reference.") and not named & (pure | VALUES):
            yield f"{path} imports {name}, which is not among the deciding modules"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in OUTSIDE_CALLS:
            yield f"{path}:{node.lineno} calls {ast.unparse(node.func)}"


def functions_are_short(path: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            lines = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node) is not None:
                lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
            if lines > 30:
                yield f"{path}:{node.lineno} {node.name} has {lines} lines"


LAWS: list[Law] = [import_direction, one_room_per_library, deciding_is_pure, functions_are_short]


def modules() -> list[str]:
    files = (file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
    return sorted(str(file.relative_to(ROOT)) for file in files)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law_holds(law: Law) -> None:
    broken = [
        line for path in modules() for line in law(path, ast.parse((ROOT / path).read_text()))
    ]
    assert not broken, "\n".join(broken)


def test_modules_are_at_most_300_lines() -> None:
    lengths = {path: len((ROOT / path).read_text().splitlines()) for path in modules()}
    assert {path: length for path, length in lengths.items() if length > 300} == {}


@pytest.mark.parametrize("path", DECIDING)
def test_deciding_modules_exist(path: str) -> None:
    assert (ROOT / path).is_file()


LONG = "def f():\n" + "    pass\n" * 30
BREACHES: list[tuple[Law, str, str]] = [
    (import_direction, "steps/given.py", "from reference.locks import lock_file"),
    (import_direction, "fixtures/labs/local.py", "def f():\n    import reference"),
    (import_direction, "fixtures/labs/local.py", "from ...reference import idmap"),
    (import_direction, "reference/cli/qm.py", "import fixtures.labs"),
    (import_direction, "fixtures/a.py", "importlib.import_module('steps.given')"),
    (one_room_per_library, "reference/migration/memory.py", "from qemu.qmp import QMPClient"),
    (one_room_per_library, "steps/when.py", "import testinfra"),
    (deciding_is_pure, "reference/idmap.py", "import os.path"),
    (deciding_is_pure, "reference/idmap.py", "def f():\n    open('x')"),
    (deciding_is_pure, "reference/bandwidth.py", "from reference.locks import lock_file"),
    (deciding_is_pure, "reference/guest/drives.py", "from . import process"),
    (functions_are_short, "steps/given.py", LONG),
]
KEPT: list[tuple[Law, str, str]] = [
    (import_direction, "features/test_features.py", "from steps import given"),
    (import_direction, "steps/given.py", "from fixtures.labs.base import Node"),
    (one_room_per_library, "fixtures/labs/access.py", "import paramiko"),
    (deciding_is_pure, "reference/guest/machine.py", "from reference.guest.drives import Drive"),
    (deciding_is_pure, "reference/locks.py", "import fcntl"),
    (functions_are_short, "steps/given.py", LONG.replace("    pass\n", '    """Doc."""\n', 1)),
]


@pytest.mark.parametrize(("law", "path", "source"), BREACHES)
def test_a_breach_is_seen(law: Law, path: str, source: str) -> None:
    assert list(law(path, ast.parse(source)))


@pytest.mark.parametrize(("law", "path", "source"), KEPT)
def test_what_is_allowed_passes(law: Law, path: str, source: str) -> None:
    assert not list(law(path, ast.parse(source)))
