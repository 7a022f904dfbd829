"""The errors that a user is meant to read: each names what is wrong, the limit and the remedy."""

from signal import Signals


class AuricleError(Exception):
    """Base of every error that Auricle raises on purpose."""


class ConfigurationError(AuricleError):
    """A parameter, a name or a combination of them that cannot work."""


class MissingPackageError(ConfigurationError):
    """A package that only some models need, and that is not installed."""


class ContractError(ConfigurationError):
    """A class of the user's own that does not do what the contract of its part says."""


class NotExportableError(ConfigurationError):
    """A network that cannot be written in another format."""


class DivergedError(AuricleError):
    """A network in another format that says something else than the network itself."""


class CorpusError(AuricleError):
    """A corpus that cannot be used as a whole: a missing folder, no recordings, an empty split."""


class LockedError(AuricleError):
    """Another process has what this one needs for itself; nothing was changed."""


class StopSignal(BaseException):
    """A signal asks for the end of the run.

    No `Exception`: who goes on after an error of one recording, or of a log line, must not go on after this.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class StoppedError(AuricleError):
    """A run that a signal has ended, as hooks are told of it.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"{Signals(number).name} has ended the run. What was done is kept.")
        self.number = number


class AudioError(AuricleError):
    """One recording that cannot be used; its message is the reason shown in the quarantine."""


class UnreadableError(AudioError):
    """A file that could not be opened: its rights, the disk or the network may say otherwise tomorrow."""


class BundleError(AuricleError):
    """A bundle that cannot be loaded: damaged, incomplete, or of another format version."""
