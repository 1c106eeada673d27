"""Why there is no count, as exceptions; ``counting`` turns them into data for the report.

UnavailableError           one channel cannot be counted
├── BadAnswerError         the answer is not usable
└── RequestError           the request failed; a retry may help
RunEndedError              nothing more can be counted in this run
"""

from __future__ import annotations

from guard.core.results import Reason, Unavailable


class UnavailableError(Exception):
    """One channel cannot be counted; ``unavailable`` goes into the report."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.unavailable = Unavailable(reason=reason, detail=detail)


class BadAnswerError(UnavailableError):
    """The answer is not usable; the detail says what is in it."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.BAD_ANSWER, detail)


class RequestError(UnavailableError):
    """The request failed; ``transient`` says whether a retry may help.

    ``retry_after`` is what the server asked for, in seconds from now, or None. If the request ``was_sent``, Blueshift
    may have carried it out whatever came back: a proxy can send a request twice and pass on the second answer.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        transient: bool,
        retry_after: float | None = None,
        was_sent: bool = True,
    ) -> None:
        super().__init__(reason, detail)
        self.transient = transient
        self.retry_after = retry_after
        self.was_sent = was_sent

    @property
    def is_rate_limit(self) -> bool:
        """Whether all requests have to slow down, not only this one."""
        return self.unavailable.reason is Reason.RATE_LIMITED


class RunEndedError(Exception):
    """Nothing more can be counted in this run, and why."""

    def __init__(self, unavailable: Unavailable) -> None:
        super().__init__(unavailable.detail)
        self.unavailable = unavailable
