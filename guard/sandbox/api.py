"""The two calls of Blueshift's API that the guard makes, without sockets; those are in ``server``.

Written from https://developer.blueshift.com/reference/get_api-v1-segments-segment-uuid-matching-users-json and
https://developer.blueshift.com/reference/get_api-v1-segments-list.
"""

from __future__ import annotations

import base64
import json
import math
import re
import uuid
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl

from guard.core.model import Channel
from guard.sandbox.faults import Fault, Response, spoiled
from guard.sandbox.scenario import Stamps
from guard.sandbox.scripted_answers import ABSENT, WELL, ScriptedAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.sandbox.scenario import Scenario
    from guard.sandbox.world import SegmentState, World

T = TypeVar("T")

_COUNTS_PATH = re.compile(r"/api/v1/segments/([^/]+)/matching_users\.json")
_LIST_PATH = "/api/v1/segments/list"
_BOOLEANS = {"true": True, "false": False}
_ARCHIVED: dict[str, bool | None] = {"0": False, "1": True}
_CHANNELS = {
    "users": Channel.USERS,
    "email": Channel.EMAIL,
    "push": Channel.PUSH,
    "sms": Channel.SMS,
    "inApp": Channel.IN_APP,
}
_COUNT_FIELDS = {
    Channel.USERS: "approxusers",
    Channel.EMAIL: "email_users",
    Channel.SMS: "sms_users",
    Channel.PUSH: "push_users",
    Channel.IN_APP: "in_app_users",
}
_LISTED_COUNTS = [channel for channel in Channel if channel is not Channel.IN_APP]
_DEFAULT_PER_PAGE = 500
_REMEMBERED_REQUESTS = 100_000
_WITHOUT_BODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
_EAST = timezone(timedelta(hours=2))

_ERROR_BODIES: dict[int, dict[str, Any]] = {
    400: {"errors": {"name": ["can't be blank"]}},
    401: {"message": "Not authorized"},
    403: {"message": "Permission denied"},
    404: {"message": "Campaign not found"},
    405: {"message": "Method not allowed"},
    409: {"success": False, "error": "Conflict - Please retry the request."},
    422: {"message": "Invalid schedule values"},
    429: {"message": "Rate limit exceeded"},
    500: {"message": "Internal Server Error - Please contact support for more information."},
    502: {"message": "Bad Gateway - Please retry the request."},
    503: {"message": "Service Unavailable - The service is temporarily unavailable. Try again later."},
    504: {
        "message": "Gateway Timeout - The server took too long to respond. Retry the request with exponential backoff."
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request, the status of its answer, and when (seconds since 1970, by the server's clock)."""

    method: str
    path: str
    query: dict[str, str]
    status: int
    time: float


_Content = tuple[Any, ScriptedAnswer]
"""The JSON value to answer (None: no body), and the scripted answer that changes it."""


class _RefusedError(Exception):
    """The answer is an error; ``errors`` says what is wrong with the parameters."""

    def __init__(self, scripted: ScriptedAnswer, **errors: str) -> None:
        super().__init__(scripted.status)
        body = {"errors": {name: [what] for name, what in errors.items()}} if errors else None
        self.content: _Content = (body or _ERROR_BODIES.get(scripted.status), scripted)


class Api:
    """Answers requests and remembers the last hundred thousand; safe to use from several threads."""

    def __init__(self, scenario: Scenario, world: World) -> None:
        self._scenario = scenario
        self._world = world
        self._requests: deque[Request] = deque(maxlen=_REMEMBERED_REQUESTS)

    @property
    def requests(self) -> tuple[Request, ...]:
        """The requests answered so far, oldest first."""
        return tuple(self._requests)

    def answer(self, method: str, target: str, authorization: str | None, *, asked: str = "") -> Response:
        """Answer one request; ``target`` is its path and query, ``authorization`` the value of that header.

        ``asked`` is the whole head of the request, for faults that echo it.
        """
        path, _, query_text = target.partition("?")
        pairs = parse_qsl(query_text, keep_blank_values=True)
        try:
            self._refuse_strangers(method, authorization)
            content = self._route(path, _single(pairs))
        except _RefusedError as refused:
            content = refused.content
        response = self._answer(content)
        self._requests.append(
            Request(method=method, path=path, query=dict(pairs), status=response.status, time=self._world.now())
        )
        return spoiled(response, asked=asked)

    def malformed(self, status: int) -> Response:
        """Answer a malformed request."""
        return self._answer(_RefusedError(ScriptedAnswer(status=status)).content)

    def _answer(self, content: _Content) -> Response:
        answer, scripted = content
        limit = self._scenario.rate_limit
        headers = {
            "Date": formatdate(self._world.now(), usegmt=True),
            "Content-Type": "application/json; charset=utf-8",
            "x-request-id": str(uuid.uuid4()),
        }
        if scripted.status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = "GET"
        if scripted.location is not None:
            headers["Location"] = scripted.location
        if scripted.retry_after is not None:
            headers["Retry-After"] = scripted.retry_after
        elif scripted.status == HTTPStatus.TOO_MANY_REQUESTS and limit and limit.retry_after is not None:
            headers["Retry-After"] = str(math.ceil(limit.retry_after))
        has_body = answer is not None and scripted.status not in _WITHOUT_BODY
        body = _json(answer, scripted.says).encode() if has_body else b""
        return Response(status=scripted.status, headers=headers, body=body, fault=scripted.fault)

    def _refuse_strangers(self, method: str, authorization: str | None) -> None:
        if method != "GET":
            raise _RefusedError(ScriptedAnswer(status=405))
        key = _key(authorization)
        if not key or (self._scenario.key is not None and key != self._scenario.key):
            raise _RefusedError(ScriptedAnswer(status=401))
        if not self._world.admits_request():
            raise _RefusedError(ScriptedAnswer(status=429))

    def _route(self, path: str, query: dict[str, str]) -> _Content:
        if path == _LIST_PATH:
            return self._listing(query), WELL
        if found := _COUNTS_PATH.fullmatch(path):
            return self._counts(found[1], query)
        raise _RefusedError(ScriptedAnswer(status=404))

    def _counts(self, segment: str, query: dict[str, str]) -> _Content:
        if not self._world.has_segment(segment):
            raise _RefusedError(ScriptedAnswer(status=404))
        is_trigger = _choice(query, "refresh", _BOOLEANS, default=False)
        bypass_global = _choice(query, "bypass_global", _BOOLEANS, default=False)
        # Without a channel, only the total is counted.
        channel = _choice(query, "channels", _CHANNELS, default=Channel.USERS)
        scripted = self._world.next_answer(segment, is_trigger=is_trigger)
        if scripted.status >= HTTPStatus.BAD_REQUEST:
            raise _RefusedError(scripted)
        if scripted.fault is Fault.OLD:
            state = self._world.first(segment, bypass_global=bypass_global)
        elif is_trigger and scripted.fault is not Fault.SWALLOWED:
            state = self._world.trigger(segment, channel, bypass_global=bypass_global)
        else:
            state = self._world.read(segment, bypass_global=bypass_global)
        body = {
            "refresh_status": "refreshing" if state.refreshing or is_trigger else "ready",
            **{field: state.counts[each] for each, field in _COUNT_FIELDS.items() if each in state.counts},
            "approxusers_updated_at": self._stamp(state.counted_at),
        }
        return body, scripted

    def _listing(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Return one page, counted from 0; ``name`` matches anywhere in a name, in any case.

        An empty parameter counts as missing, as the reference says for this list.
        """
        query = {name: value for name, value in query.items() if value}
        archived = _choice(query, "archived", _ARCHIVED, default=None)
        text = query.get("name", "").casefold()
        first = _whole(query, "page", default=0, least=0)
        size = _whole(query, "per_page", default=_DEFAULT_PER_PAGE, least=1)
        found = [
            self._item(state)
            for state in self._world.segments()
            if text in state.segment.name.casefold() and archived in (None, state.segment.archived)
        ]
        return found[first * size : (first + 1) * size]

    def _item(self, state: SegmentState) -> dict[str, Any]:
        return {
            "name": state.segment.name,
            "uuid": state.segment.uuid,
            "mixin_key": None,
            "created_at": "2021-08-25T06:06:59.000Z",
            "updated_at": "2021-08-25T06:06:59.000Z",
            "status": "active",
            **{_COUNT_FIELDS[each]: state.counts.get(each, 0) for each in _LISTED_COUNTS},
            "approxusers_updated_at": self._stamp(state.counted_at),
            "version": 1,
        }

    def _stamp(self, seconds: float | None) -> str | None:
        if seconds is None:
            return None
        milliseconds = math.floor(seconds * 1000)
        moment = datetime.fromtimestamp(milliseconds // 1000, UTC).replace(microsecond=milliseconds % 1000 * 1000)
        match self._scenario.stamps:
            case Stamps.SECONDS:
                return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
            case Stamps.MILLISECONDS:
                return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"
            case Stamps.NANOSECONDS:
                return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}999999Z"
            case Stamps.OFFSET:
                return moment.astimezone(_EAST).isoformat(timespec="milliseconds")


def _json(body: Any, says: Mapping[str, str]) -> str:
    """Return the body as JSON; ``says`` replaces fields with its text, which need not be JSON."""
    if not says:
        return json.dumps(body)
    fields = {name: json.dumps(value) for name, value in body.items()} | dict(says)
    return "{" + ", ".join(f'"{name}": {text}' for name, text in fields.items() if text != ABSENT) + "}"


def _key(authorization: str | None) -> str:
    """Return the key in a Basic ``Authorization`` header with an empty password, or an empty text."""
    scheme, _, encoded = (authorization or "").partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return ""
    return user if scheme.lower() == "basic" and colon and not password else ""


def _single(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Return the parameters by name; a repeated one is refused."""
    query = dict(pairs)
    if len(query) < len(pairs):
        raise _RefusedError(ScriptedAnswer(status=400), base="a parameter is given more than once")
    return query


def _choice(query: dict[str, str], name: str, choices: Mapping[str, T], default: T) -> T:
    given = query.get(name)
    if given is None:
        return default
    if given not in choices:
        raise _RefusedError(ScriptedAnswer(status=400), **{name: "is not included in the list"})
    return choices[given]


def _whole(query: dict[str, str], name: str, *, default: int, least: int) -> int:
    given = query.get(name)
    if given is None:
        return default
    if not re.fullmatch("[0-9]{1,9}", given) or int(given) < least:
        raise _RefusedError(ScriptedAnswer(status=400), **{name: f"must be a whole number from {least} up"})
    return int(given)
