"""The failures a user may see: one line each, never a traceback."""


class Failure(Exception):
    """A refusal or an error whose text is meant for the user."""

    status = 500


class ParameterFailure(Failure):
    """Values the caller gave are not acceptable; `more` are further ones with their reasons."""

    status = 400

    def __init__(self, name: str, message: str, *more: tuple[str, str]) -> None:
        self.name, self.errors = name, {name: message, **dict(more)}
        reasons = (f"{key}: {text}" for key, text in self.errors.items())
        super().__init__("\n".join(("400 Parameter verification failed.", *reasons)))


class AuthenticationFailure(Failure):
    """Nobody knows who asks."""

    status = 401


class PermissionFailure(Failure):
    """The caller lacks a privilege."""

    status = 403


class Interrupted(Failure):
    """A signal ended a phase body (TASK-14)."""

    def __init__(self) -> None:
        super().__init__("interrupted by signal")
