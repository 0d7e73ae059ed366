"""What a method may be asked: one declaration serves command line, API, help and completion.

A value arrives as text, or as JSON's scalars; what is refused is refused all at once (API-02).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from reference.errors import ParameterFailure

_TRUE, _FALSE = ("1", "on", "yes", "true"), ("0", "off", "no", "false")
UNKNOWN = "property is not defined in schema and the schema does not allow additional properties"
MISSING = "property is missing and it is not optional"


class Kind(NamedTuple):
    """What values look like: `read` raises ValueError, `shown` is for the help."""

    read: Callable[[str], Any]
    shown: str


def _boolean(text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise ValueError(f"{text!r} is not a boolean (expected 1/on/yes/true or 0/off/no/false)")
    return text.lower() in _TRUE


def integer(minimum: int | None = None, maximum: int | None = None) -> Kind:
    """A whole number within inclusive bounds."""

    def read(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise ValueError(f"{text!r} is not an integer")
        number = int(text)
        if minimum is not None and number < minimum:
            raise ValueError(f"{text!r} is below the minimum of {minimum}")
        if maximum is not None and number > maximum:
            raise ValueError(f"{text!r} is above the maximum of {maximum}")
        return number

    bounds = f" ({'' if minimum is None else minimum} - {'N' if maximum is None else maximum})"
    return Kind(read, "<integer>" + bounds * (minimum is not None or maximum is not None))


def matching(pattern: str, expected: str) -> Kind:
    """Text that matches the whole pattern; `expected` completes "expected ..."."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text!r} is not valid (expected {expected})")
        return text

    return Kind(read, f"<{expected}>")


def one_of(*words: str) -> Kind:
    """One of a few words."""
    read = matching("|".join(map(re.escape, words)), " or ".join(words)).read
    return Kind(read, f"<{' | '.join(words)}>")


def _cidr(text: str) -> str:
    from ipaddress import ip_network

    _, slash, prefix = text.partition("/")
    try:
        if not slash or not prefix.isdigit() or int(prefix) < 8:
            raise ValueError
        ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is not a CIDR network with prefix length 8 or more") from None
    return text


def _storage_pairs(text: str) -> str:
    """Each entry for itself must be legal (API-03); how they go together is judged later."""
    from reference.idmap import IdMapError, parse_idmap, split_list

    try:
        for entry in split_list(text):
            parse_idmap(entry, "pve-storage-id")
    except IdMapError as error:
        raise ValueError(f"invalid format - {error}") from None
    return text


TEXT = Kind(str, "<string>")
BOOLEAN = Kind(_boolean, "<boolean>")
CIDR = Kind(_cidr, "<CIDR>")
STORAGE_PAIRS = Kind(_storage_pairs, "<storage[:storage],...>")
NODE = matching(
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", "a node name of letters, digits and inner hyphens"
)._replace(shown="<node>")
GUEST = Kind(
    lambda text: int(matching(r"[1-9][0-9]{2,8}", "a guest id of 3 to 9 digits").read(text)),
    "<integer> (100 - 999999999)",
)


class Parameter(NamedTuple):
    """One value of a method; a `many` may be repeated on the command line, joined by commas."""

    name: str
    kind: Kind = TEXT
    text: str = ""
    required: bool = False
    many: bool = False
    root_only: bool = False
    candidates: str = ""  # what completion offers: nodes, storages


VMID = Parameter("vmid", GUEST, "The guest.")
SKIPLOCK = Parameter("skiplock", BOOLEAN, "Ignore the guest's lock.", root_only=True)


class Method(NamedTuple):
    """Something that can be asked for; `name` on the command line, `verb` and `path` in the API.

    `run` is the command's "module:function" in reference.cli; `permission` a path template and a
    privilege, none where the method judges for itself; `further` knows parameters not listed.
    """

    name: str
    text: str
    parameters: tuple[Parameter, ...] = ()
    positionals: tuple[str, ...] = ("vmid",)
    run: str = ""
    verb: str = ""
    path: str = ""
    permission: tuple[str, str] | None = None
    further: Callable[[str], Parameter | None] = lambda _: None

    def parameter(self, name: str) -> Parameter | None:
        """The declaration of that name."""
        return next((p for p in self.parameters if p.name == name), None) or self.further(name)

    @property
    def usage(self) -> str:
        """The command and its positionals."""
        return " ".join([f"usage: {self.name}", *(f"<{p}>" for p in self.positionals), "[OPTIONS]"])


def verify(method: Method, given: Mapping[str, object]) -> dict[str, Any]:
    """The values as the method means them, or a ParameterFailure about all that is wrong."""
    values, errors = {}, {}
    for name, value in given.items():
        parameter = method.parameter(name)
        if parameter is None:
            errors[name] = UNKNOWN
            continue
        try:
            values[name] = parameter.kind.read(_as_text(value, parameter.many))
        except ValueError as error:
            errors[name] = str(error)
    for parameter in method.parameters:
        required = parameter.required or parameter.name in method.positionals
        if required and parameter.name not in given:
            errors[parameter.name] = MISSING
    if errors:
        (name, reason), *more = errors.items()
        raise ParameterFailure(name, reason, *more)
    return values


def _as_text(value: object, many: bool) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int | float | str):
        return str(value)
    if many and isinstance(value, Sequence):
        return ",".join(_as_text(part, False) for part in value)
    raise ValueError(f"{value!r} is not a single value")


def refuse_root_only(method: Method, values: Mapping[str, Any]) -> None:
    """What only root@pam may set to a true value, asked by somebody else (API-10, API-29)."""
    for parameter in method.parameters:
        if parameter.root_only and values.get(parameter.name):
            raise ParameterFailure(parameter.name, "Only root may use this option.")


def arguments(method: Method, values: Mapping[str, Any]) -> SimpleNamespace:
    """Verified values for a command's function: None where absent, `extra` what is not listed."""
    listed = {parameter.name: values.get(parameter.name) for parameter in method.parameters}
    extra = {name: value for name, value in values.items() if name not in listed}
    named = {name.replace("-", "_"): value for name, value in listed.items()}
    return SimpleNamespace(**named, extra=extra)


def find(methods: Sequence[Method], verb: str, path: str) -> tuple[Method, dict[str, str]] | None:
    """The method of an API path below /api2/json, and what the path's places hold."""
    for method in methods:
        place = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", method.path)
        if method.verb == verb and (match := re.fullmatch(place, path, re.DOTALL)):
            return method, match.groupdict()
    return None


def help_lines(method: Method) -> Iterator[str]:
    """The usage, what the method does, and each parameter with its kind."""
    yield method.usage
    yield ""
    yield f"  {method.text}"
    for parameter in method.parameters:
        dashes = "" if parameter.name in method.positionals else "--"
        yield ""
        yield f"  {dashes}{parameter.name} {parameter.kind.shown}"
        yield from (f"      {line}" for line in filter(None, [parameter.text]))
