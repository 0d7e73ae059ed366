"""Command line options in the manner of an administrator's Proxmox node (CLI-01..06, CLI-21).

Checks of values run after the positionals are known to be complete, as in the original.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NoReturn

from reference.errors import Failure, ParameterFailure

Check = Callable[[str], Any]
_OPTION = re.compile(r"--?([A-Za-z][\w-]*)(=.*)?", re.DOTALL)
_TRUTH = {"1": True, "on": True, "yes": True, "true": True}
_BOOLEANS = {**_TRUTH, "0": False, "off": False, "no": False, "false": False}


def boolean(text: str) -> bool:
    """CLI-04: 1/on/yes/true and 0/off/no/false in any case; ValueError for anything else."""
    if text.lower() not in _BOOLEANS:
        raise ValueError(f"'{text}' is not a boolean (expected 1/on/yes/true or 0/off/no/false)")
    return _BOOLEANS[text.lower()]


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


node_name = matching(
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", "a node name of letters, digits and inner hyphens"
)


class Parser(argparse.ArgumentParser):
    """Options with one or two dashes, no abbreviations; an error is a 400 with the short usage.

    `known` names further options that take a value; they are collected in `namespace.extra`.
    """

    current: ClassVar["Parser | None"] = None

    def __init__(self, prog: str, known: Callable[[str], bool] | None = None) -> None:
        super().__init__(prog=prog, add_help=False, allow_abbrev=False)
        self._checks: dict[str, Check] = {}  # by option name
        self._known = known
        self._extra: dict[str, str] = {}

    def positional(self, name: str, check: Check | None = None, *, optional: bool = False) -> None:
        """The next word of the command line."""
        self.add_argument(name, nargs="?" if optional else None)
        if check:
            self._checks[name] = check

    def option(self, name: str, check: Check | None = None, *, append: bool = False) -> None:
        """`--name value`; with `append` the occurrences are joined with commas (CLI-05)."""
        self.add_argument(f"--{name}", action="append" if append else "store")
        if append:
            self._checks[name] = lambda words: check(",".join(words)) if check else ",".join(words)
        elif check:
            self._checks[name] = check

    def flag(self, name: str) -> None:
        """A boolean with an optional value; absent means None (CLI-04, CLI-21)."""
        self.add_argument(f"--{name}", nargs="?", const="1")
        self._checks[name] = boolean

    def error(self, message: str) -> NoReturn:
        """400 with the short usage on stderr, exit 255 (CLI-09)."""
        if message.startswith("the following arguments are required"):
            message = "not enough arguments"
        print(f"400 {message}\n{self.short_usage()}", file=sys.stderr)
        raise SystemExit(255)

    def short_usage(self) -> str:
        """The command and its positionals."""
        words = [f"<{action.dest}>" for action in self._actions if not action.option_strings]
        return " ".join(["usage:", self.prog, *words, "[OPTIONS]"])

    def parse_args(
        self,
        args: Sequence[str] | None = None,  # type: ignore[override]
        namespace: argparse.Namespace | None = None,
    ) -> argparse.Namespace:
        """Parse, then check every value; a refused one is a ParameterFailure on its option."""
        Parser.current = self
        words = self._normalise(list(sys.argv[1:] if args is None else args))
        result, surplus = self.parse_known_args(words, namespace)
        if surplus:
            self.error("too many arguments")
        for name, check in self._checks.items():
            dest = name.replace("-", "_")
            try:
                if (value := getattr(result, dest)) is not None:
                    setattr(result, dest, check(value))
            except ValueError as error:
                raise ParameterFailure(name, str(error)) from None
        result.extra = dict(self._extra)
        return result

    def _normalise(self, words: list[str]) -> list[str]:
        """Two dashes for one, and `--option=value` for `--option value`, whatever the value is."""
        result: list[str] = []
        while words:
            word = words.pop(0)
            match = _OPTION.fullmatch(word)
            if word == "--":
                return [*result, word, *words]
            if not match:
                result.append(word)
                continue
            name, value = match[1], match[2]
            action = self._option_string_actions.get(f"--{name}")
            if action is None and not (self._known and self._known(name)):
                self.error(f"unknown option: {name}")
            optional = action is not None and action.nargs in ("?", 0)
            if value is None and not optional:
                if not words:
                    self.error(f"option {name} requires an argument")
                value = "=" + words.pop(0)
            elif (
                value is None
                and action
                and action.nargs == "?"
                and words[:1]
                and not words[0].startswith("-")
            ):
                value = "=" + words.pop(0)
            if action is None:
                self._extra[name] = (value or "=")[1:]
            else:
                result.append(f"--{name}{value or ''}")
        return result


def require_root() -> None:
    """CLI-06: the commands act as root@pam and run for root alone."""
    if os.geteuid() != 0:
        raise Failure("please run as root")


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
