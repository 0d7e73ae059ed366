"""The command line of every program: words to a method's values, a failure to one line.

CLI-01..06, CLI-09, CLI-21; the values are checked after the words are known to be complete.
"""

import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from types import SimpleNamespace

from reference.api.methods import METHODS
from reference.api.schema import BOOLEAN, Method, arguments, help_lines, verify
from reference.errors import Failure, ParameterFailure

_OPTION = re.compile(r"--?([A-Za-z][\w-]*)(?:=(.*))?", re.DOTALL)


class UsageError(Failure):
    """Words that do not make a call of the method (CLI-01, CLI-02)."""

    def __init__(self, message: str) -> None:
        super().__init__(f"400 {message}")


def parse(method: Method, words: Sequence[str]) -> SimpleNamespace:
    """The method's arguments; a UsageError, or a ParameterFailure for what the values are."""
    options: dict[str, list[str]] = {}
    positionals: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "--":
            positionals += left
            break
        if match := _OPTION.fullmatch(word):
            name = _option_name(method, match[1])
            options.setdefault(name, []).append(_value(method, name, match[2], left))
        else:
            positionals.append(word)
    if len(positionals) != len(method.positionals):
        few = len(positionals) < len(method.positionals)
        raise UsageError("not enough arguments" if few else "too many arguments")
    given: dict[str, object] = dict(zip(method.positionals, positionals, strict=True))
    for name, texts in options.items():
        parameter = method.parameter(name)
        given[name] = texts if parameter and parameter.many else texts[-1]
    return arguments(method, verify(method, given))


def _option_name(method: Method, word: str) -> str:
    """The option meant by a word: its name, or the beginning of no other's (CLI-03)."""
    names = [p.name for p in method.parameters if p.name not in method.positionals]
    if word in names or (word not in method.positionals and method.further(word)):
        return word
    begun = [name for name in names if name.startswith(word)]
    if len(begun) > 1:
        raise UsageError(f"option {word} is ambiguous ({', '.join(begun)})")
    if not begun:
        raise UsageError(f"unknown option: {word}")
    return begun[0]


def _value(method: Method, name: str, text: str | None, left: list[str]) -> str:
    """The text after `=`, else the next word; a boolean takes none that starts with a dash."""
    parameter = method.parameter(name)
    if text is not None:
        return text
    if parameter and parameter.kind is BOOLEAN and (not left or left[0].startswith("-")):
        return "1"
    if not left:
        raise UsageError(f"option {name} requires an argument")
    return left.pop(0)


def require_root() -> None:
    """CLI-06: the commands act as root@pam and run for root alone."""
    if os.geteuid() != 0:
        raise Failure("please run as root")


def program(name: str, words: Sequence[str] | None = None) -> int:
    """Run one program's command; the exit code."""
    return run(lambda: dispatch(name, sys.argv[1:] if words is None else words))


def dispatch(name: str, words: Sequence[str]) -> int:
    """Run the command that the first word names; `help` and `--help` tell what there is."""
    require_root()
    methods = [method for method in METHODS if method.run and method.name.startswith(f"{name} ")]
    commands = {method.name.removeprefix(f"{name} "): method for method in methods}
    command, rest = words[0] if words else "", list(words[1:])
    if command == "bashcomplete":
        import_module("reference.cli.complete").offer(commands)
        return 0
    if command == "help" or rest[:1] == ["--help"]:
        asked = commands.get(rest[0] if command == "help" and rest else command)
        lines = [f"{m.name:<16} {m.text}" for m in methods] if asked is None else help_lines(asked)
        print("\n".join(lines))
        return 0
    if command not in commands:
        problem = f"unknown command '{command}'" if command else "no command specified"
        known = "|".join(sorted(commands))
        return _complain(f"400 {problem}\nusage: {name} <{known}> [ARGS] [OPTIONS]")
    method = commands[command]
    try:
        return execute(method, parse(method, rest))
    except (ParameterFailure, UsageError) as failure:
        return _complain(f"{failure}\n{method.usage}")


def execute(method: Method, asked: SimpleNamespace) -> int:
    """Run a command's function with its arguments; the exit code."""
    module, _, function = method.run.partition(":")
    return getattr(import_module(f"reference.cli.{module}"), function)(asked) or 0


def _complain(text: str) -> int:
    with suppress(OSError):
        sys.stdout.flush()
    print(text, file=sys.stderr)
    return 255


def run(main: Callable[[], int]) -> int:
    """Run a command: a Failure is one line on stderr and exit code 255, never a traceback."""
    try:
        code = main()
        sys.stdout.flush()
        return code
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
