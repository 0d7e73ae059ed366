"""Command line options in the manner of an administrator's Proxmox node (CLI-01..06, CLI-21).

Checks of values run after the positionals are known to be complete, as in the original.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar, NoReturn

from reference.errors import Failure, ParameterFailure

Check = Callable[[str], Any]
_OPTION = re.compile(r"--?([A-Za-z][\w-]*)(?:=(.*))?", re.DOTALL)
_TRUE, _FALSE = ("1", "on", "yes", "true"), ("0", "off", "no", "false")


def boolean(text: str) -> bool:
    """CLI-04: 1/on/yes/true and 0/off/no/false in any case; ValueError for anything else."""
    if text.lower() not in _TRUE + _FALSE:
        raise ValueError(f"'{text}' is not a boolean (expected 1/on/yes/true or 0/off/no/false)")
    return text.lower() in _TRUE


def integer(minimum: int | None = None, maximum: int | None = None) -> Callable[[str], int]:
    """A check for a whole number within inclusive bounds."""

    def check(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise ValueError(f"'{text}' is not an integer")
        number = int(text)
        if minimum is not None and number < minimum:
            raise ValueError(f"'{text}' is below the minimum of {minimum}")
        if maximum is not None and number > maximum:
            raise ValueError(f"'{text}' is above the maximum of {maximum}")
        return number

    return check


def matching(pattern: str, expected: str) -> Callable[[str], str]:
    """A check for text that matches the whole pattern; `expected` completes "expected ..."."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"'{text}' is not valid (expected {expected})")
        return text

    return check


def vmid(text: str) -> int:
    """A guest id (API-03)."""
    if not re.fullmatch(r"[1-9][0-9]{2,8}", text):
        raise ValueError(f"'{text}' is not valid (expected a guest id of 3 to 9 digits)")
    return int(text)


def cidr(text: str) -> str:
    """A network in CIDR form, prefix 8-32 or 8-128 (CLI-14)."""
    from ipaddress import ip_network

    _, slash, prefix = text.partition("/")
    try:
        if not slash or not prefix.isdigit() or int(prefix) < 8:
            raise ValueError
        ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"'{text}' is not a CIDR network with prefix length 8 or more") from None
    return text


node_name = matching(
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", "a node name of letters, digits and inner hyphens"
)


class Parser:
    """Options with one or two dashes, no abbreviations; an error is a 400 with the short usage.

    `known` names further options that take a value; they are collected in `extra`.
    """

    current: ClassVar["Parser | None"] = None

    def __init__(self, prog: str, known: Callable[[str], bool] | None = None) -> None:
        self._prog, self._known = prog, known or (lambda _: False)
        self._rules: dict[str, tuple[str, Check]] = {}  # what kind of parameter, and its check

    def positional(self, name: str, check: Check = str) -> None:
        """The next word of the command line."""
        self._rules[name] = "word", check

    def option(self, name: str, check: Check = str, *, append: bool = False) -> None:
        """`--name value`; with `append` the occurrences are joined with commas (CLI-05)."""
        self._rules[name] = "list" if append else "value", check

    def flag(self, name: str) -> None:
        """A boolean with an optional value; absent means None (CLI-04, CLI-21)."""
        self._rules[name] = "flag", boolean

    def error(self, message: str) -> NoReturn:
        """400 with the short usage on stderr, exit 255 (CLI-09)."""
        print(f"400 {message}\n{self.short_usage()}", file=sys.stderr)
        raise SystemExit(255)

    def short_usage(self) -> str:
        """The command and its positionals."""
        return " ".join(["usage:", self._prog, *(f"<{w}>" for w in self._words()), "[OPTIONS]"])

    def _words(self) -> list[str]:
        return [name for name, (kind, _) in self._rules.items() if kind == "word"]

    def parse_args(self, words: Sequence[str]) -> SimpleNamespace:
        """Parse, then check every value; a refused one is a ParameterFailure on its option."""
        Parser.current = self
        given = self._split(list(words))
        result = SimpleNamespace()
        for name, (kind, check) in self._rules.items():
            texts = given.pop(name, None)
            try:
                value = check(",".join(texts) if kind == "list" else texts[-1]) if texts else None
            except ValueError as error:
                raise ParameterFailure(name, str(error)) from None
            setattr(result, name.replace("-", "_"), value)
        result.extra = {name: texts[-1] for name, texts in given.items()}
        return result

    def _split(self, words: list[str]) -> dict[str, list[str]]:
        """The texts given for each name, positionals included."""
        given: dict[str, list[str]] = {}
        positionals: list[str] = []
        while words:
            word = words.pop(0)
            if word == "--":
                positionals += words
                break
            if match := _OPTION.fullmatch(word):
                given.setdefault(match[1], []).append(self._value(match[1], match[2], words))
            else:
                positionals.append(word)
        names = self._words()
        if len(positionals) != len(names):
            few = len(positionals) < len(names)
            self.error("not enough arguments" if few else "too many arguments")
        return {**given, **{n: [word] for n, word in zip(names, positionals, strict=True)}}

    def _value(self, name: str, text: str | None, words: list[str]) -> str:
        """The text after `=`, else the next word; a flag takes none that starts with a dash."""
        kind = self._rules[name][0] if name in self._rules else "value"
        if kind == "word" or not (name in self._rules or self._known(name)):
            self.error(f"unknown option: {name}")
        if text is not None:
            return text
        if kind == "flag" and (not words or words[0].startswith("-")):
            return "1"
        if not words:
            self.error(f"option {name} requires an argument")
        return words.pop(0)


def guest_parser(command: str, *flags: str, known: Callable[[str], bool] | None = None) -> Parser:
    """The parser of a `qm` command on one guest."""
    parser = Parser(f"qm {command}", known)
    parser.positional("vmid", vmid)
    for name in flags:
        parser.flag(name)
    return parser


def require_root() -> None:
    """CLI-06: the commands act as root@pam and run for root alone."""
    if os.geteuid() != 0:
        raise Failure("please run as root")


def dispatch(
    program: str, commands: Mapping[str, Callable[[Parser, list[str]], None]], words: list[str]
) -> int:
    """Run the command the first word names, with a parser of its own."""
    if not words or words[0] not in commands:
        given = f"unknown command '{words[0]}'" if words else "no command given"
        raise Failure(f"{given}, expected {program} {'|'.join(commands)}")
    require_root()
    commands[words[0]](Parser(f"{program} {words[0]}"), words[1:])
    return 0


def _complain(text: str) -> int:
    print(text, file=sys.stderr)
    return 255


def run(main: Callable[[], int]) -> int:
    """Run a command: a Failure is one line on stderr and exit code 255, never a traceback."""
    try:
        code = main()
        sys.stdout.flush()
        return code
    except ParameterFailure as failure:
        usage = f"\n{Parser.current.short_usage()}" if Parser.current else ""
        return _complain(f"{failure}{usage}")
    except Failure as failure:
        return _complain(str(failure))
    except KeyboardInterrupt:
        return _complain("interrupted by signal")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 255
    except OSError as error:
        name = f" '{error.filename}'" if error.filename else ""
        return _complain(f"{(error.strerror or str(error)).lower()}{name}")
    except Exception as error:
        return _complain(f"internal error: {type(error).__name__}: {error}")
