"""The failures a user may see: one line each, never a traceback."""


class Failure(Exception):
    """A refusal or an error whose text is meant for the user."""


class ParameterFailure(Failure):
    """A value the caller gave is not acceptable (400 in the API)."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"400 Parameter verification failed.\n{name}: {message}")
        self.name = name


class Interrupted(Failure):
    """A signal ended a phase body (TASK-14)."""

    def __init__(self) -> None:
        super().__init__("interrupted by signal")
