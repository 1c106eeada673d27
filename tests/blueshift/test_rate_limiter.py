"""After a 429 all requests pause, and then go out at a lower rate."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from guard.blueshift.rate_limiter import Priority, RateLimiter
from guard.core.model import Pacing

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Leap = Callable[[Coroutine[Any, Any, Any]], Any]


def answers(rate_limiter: RateLimiter, number: int) -> None:
    for _ in range(number):
        rate_limiter.speed_up()


async def limited(rate_limiter: RateLimiter, retry_after: float | None = None) -> float:
    """Get a 429 for a request sent now, wait for the end of the pause, and return its length."""
    now = asyncio.get_running_loop().time()
    pause = rate_limiter.slow_down(sent_at=now, retry_after=retry_after) - now
    await asyncio.sleep(pause)
    return pause


def test_pauses_double_up_to_half_a_minute_while_nothing_is_answered(leap: Leap) -> None:
    async def main() -> list[float]:
        rate_limiter = RateLimiter(Pacing(requests_per_second=10))
        return [await limited(rate_limiter) for _ in range(1100)]

    pauses = leap(main())

    assert pauses[:7] == [1, 2, 4, 8, 16, 30, 30]
    assert set(pauses[7:]) == {30}


def test_an_answer_makes_the_next_pause_short_again(leap: Leap) -> None:
    async def main() -> list[float]:
        rate_limiter = RateLimiter(Pacing(requests_per_second=10))
        pauses = [await limited(rate_limiter), await limited(rate_limiter)]
        answers(rate_limiter, 1)
        return [*pauses, await limited(rate_limiter), await limited(rate_limiter)]

    assert leap(main()) == [1, 2, 1, 2]


def test_a_pause_is_as_long_as_the_server_asks(leap: Leap) -> None:
    async def main() -> list[float]:
        rate_limiter = RateLimiter(Pacing(requests_per_second=10))
        return [await limited(rate_limiter, retry_after) for retry_after in (7, 0, None)]

    assert leap(main()) == [7, 0, 4]


def test_the_new_rate_is_a_little_below_the_answered_rate(leap: Leap) -> None:
    async def main() -> list[float]:
        rate_limiter, rates = RateLimiter(Pacing(requests_per_second=10)), []
        for answered in (30, 15):
            await asyncio.sleep(5)
            answers(rate_limiter, answered)
            await limited(rate_limiter)
            rates.append(1 / rate_limiter.interval)
        return rates

    assert leap(main()) == pytest.approx([6 * 0.95, 3 * 0.95])


@pytest.mark.parametrize(
    ("highest", "answered", "slowed"),
    [
        pytest.param(10, 0, 2.5, id="at-least-a-quarter"),
        pytest.param(10, 50, 9, id="at-most-nine-tenths"),
        pytest.param(0.5, 0, 0.2, id="never-below-one-in-five-seconds"),
        pytest.param(0.1, 0, 0.1, id="never-above-what-was-asked-for"),
    ],
)
def test_the_rate_is_cut_within_bounds(leap: Leap, highest: float, answered: int, slowed: float) -> None:
    async def main() -> float:
        rate_limiter = RateLimiter(Pacing(requests_per_second=highest))
        await asyncio.sleep(5)
        answers(rate_limiter, answered)
        await limited(rate_limiter)
        return 1 / rate_limiter.interval

    assert leap(main()) == pytest.approx(slowed)


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [pytest.param(None, 1, id="says-nothing"), pytest.param(5, 5.5, id="longer"), pytest.param(0.1, 1, id="shorter")],
)
def test_429s_of_requests_in_flight_together_count_once(leap: Leap, retry_after: float | None, pause: float) -> None:
    async def main() -> tuple[float, float, float]:
        rate_limiter = RateLimiter(Pacing(requests_per_second=10))
        rate_limiter.slow_down(sent_at=0, retry_after=None)
        rate = 1 / rate_limiter.interval
        await asyncio.sleep(0.5)
        resume_at = rate_limiter.slow_down(sent_at=0, retry_after=retry_after)
        return resume_at, rate, 1 / rate_limiter.interval

    assert leap(main()) == pytest.approx((pause, 2.5, 2.5))


def test_after_a_quiet_minute_earlier_answers_do_not_count(leap: Leap) -> None:
    async def main() -> float:
        rate_limiter = RateLimiter(Pacing(requests_per_second=4))
        answers(rate_limiter, 50)
        await asyncio.sleep(61)
        answers(rate_limiter, 2)
        await limited(rate_limiter)
        return 1 / rate_limiter.interval

    assert leap(main()) == pytest.approx(2 * 0.95)


async def slots(rate_limiter: RateLimiter, *dues: float, held: float = 0.0) -> list[float]:
    """Ask for slots at the given times, hold the first for ``held`` seconds, and return when each came."""
    came: list[float] = []

    async def take(due: float) -> None:
        async with rate_limiter.slot(Priority.FOLLOW_UP, due=due) as now:
            is_first = not came
            came.append(now)
            await asyncio.sleep(held if is_first else 0.0)

    await asyncio.gather(*map(take, dues))
    return came


def test_requests_due_together_keep_their_distance(leap: Leap) -> None:
    async def main() -> list[float]:
        return await slots(RateLimiter(Pacing(requests_per_second=10)), 7.0, 7.0, 7.0)

    assert leap(main()) == pytest.approx([7.0, 7.1, 7.2])


def test_requests_that_waited_for_a_slot_are_not_a_burst(leap: Leap) -> None:
    async def main() -> list[float]:
        return await slots(RateLimiter(Pacing(requests_per_second=10, concurrency=1)), 0.0, 0.0, 0.0, 0.0, held=5.0)

    assert leap(main()) == pytest.approx([0.0, 5.0, 5.08, 5.18])
