"""Why there is no count, as exceptions on their way to becoming data.

UnavailableError           this channel's count could not be had
├── BadAnswerError         an answer that makes no sense
└── RequestError           no answer; maybe better luck later
RunEndedError              nobody's count can be had any more in this run
"""

from __future__ import annotations

from guard.core.results import Reason, Unavailable


class UnavailableError(Exception):
    """One channel's count could not be had; ``unavailable`` is what the report will hold."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.unavailable = Unavailable(reason=reason, detail=detail)


class BadAnswerError(UnavailableError):
    """An answer that makes no sense: what it holds, in words of ours and short quotations."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.BAD_ANSWER, detail)


class RequestError(UnavailableError):
    """A request that brought no answer, and whether the same request may do better later.

    ``retry_after`` is what the server asked for, in seconds from now, or None. What ``was_sent`` may have been done,
    whatever came back: a proxy can send a request twice and pass on the second answer.
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
        """Whether everybody has to slow down, rather than this request alone to be sent again."""
        return self.unavailable.reason is Reason.RATE_LIMITED


class RunEndedError(Exception):
    """Nothing more can be found out in this run, by anybody, and why."""

    def __init__(self, unavailable: Unavailable) -> None:
        super().__init__(unavailable.detail)
        self.unavailable = unavailable
