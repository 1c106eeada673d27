"""After a 429 all requests pause, and then go out at a lower rate; the pacing may change during a run."""

from __future__ import annotations

import asyncio

import pytest

from guard.blueshift.rate_limiter import Priority, RateLimiter
from guard.core.model import Pacing


def limiter(rate: float = 10, concurrency: int = 10) -> RateLimiter:
    return RateLimiter(Pacing(requests_per_second=rate, concurrency=concurrency))


def pace(rate_limiter: RateLimiter, rate: float, concurrency: int = 10) -> None:
    rate_limiter.pace(Pacing(requests_per_second=rate, concurrency=concurrency))


def rate_of(rate_limiter: RateLimiter) -> float:
    return 1 / rate_limiter.interval


def answers(rate_limiter: RateLimiter, number: int) -> None:
    for _ in range(number):
        rate_limiter.speed_up()


async def limited(rate_limiter: RateLimiter, retry_after: float | None = None) -> float:
    """Get a 429 for a request sent now, wait for the end of the pause, and return its length."""
    now = asyncio.get_running_loop().time()
    pause = rate_limiter.slow_down(sent_at=now, retry_after=retry_after) - now
    await asyncio.sleep(pause)
    return pause


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


# After a 429


async def test_pauses_double_up_to_a_limit() -> None:
    rate_limiter = limiter()

    pauses = [await limited(rate_limiter) for _ in range(1100)]

    assert pauses[:7] == [1, 2, 4, 8, 16, 30, 30]
    assert set(pauses[7:]) == {30}


async def test_an_answer_makes_the_next_pause_short() -> None:
    rate_limiter = limiter()

    pauses = [await limited(rate_limiter), await limited(rate_limiter)]
    answers(rate_limiter, 1)

    assert [*pauses, await limited(rate_limiter), await limited(rate_limiter)] == [1, 2, 1, 2]


async def test_a_pause_is_what_the_server_asks() -> None:
    rate_limiter = limiter()

    assert [await limited(rate_limiter, retry_after) for retry_after in (7, 0, None)] == [7, 0, 4]


async def test_the_rate_follows_the_answers() -> None:
    rate_limiter, rates = limiter(), []

    for answered in (30, 15):
        await asyncio.sleep(5)
        answers(rate_limiter, answered)
        await limited(rate_limiter)
        rates.append(rate_of(rate_limiter))

    assert rates == pytest.approx([6 * 0.95, 3 * 0.95])


@pytest.mark.parametrize(
    ("highest", "answered", "slowed"),
    [
        pytest.param(10, 0, 2.5, id="at-least-a-quarter"),
        pytest.param(10, 50, 9, id="at-most-nine-tenths"),
        pytest.param(0.5, 0, 0.2, id="never-below-one-in-five-seconds"),
        pytest.param(0.1, 0, 0.1, id="never-above-what-was-asked-for"),
    ],
)
async def test_the_rate_is_cut_within_bounds(highest: float, answered: int, slowed: float) -> None:
    rate_limiter = limiter(highest)
    await asyncio.sleep(5)
    answers(rate_limiter, answered)

    await limited(rate_limiter)

    assert rate_of(rate_limiter) == pytest.approx(slowed)


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [pytest.param(None, 1, id="says-nothing"), pytest.param(5, 5.5, id="longer"), pytest.param(0.1, 1, id="shorter")],
)
async def test_429s_together_count_once(retry_after: float | None, pause: float) -> None:
    rate_limiter = limiter()
    rate_limiter.slow_down(sent_at=0, retry_after=None)
    rate = rate_of(rate_limiter)
    await asyncio.sleep(0.5)

    resume_at = rate_limiter.slow_down(sent_at=0, retry_after=retry_after)

    assert (resume_at, rate, rate_of(rate_limiter)) == pytest.approx((pause, 2.5, 2.5))


async def test_a_quiet_minute_forgets_answers() -> None:
    rate_limiter = limiter(4)
    answers(rate_limiter, 50)
    await asyncio.sleep(61)
    answers(rate_limiter, 2)

    await limited(rate_limiter)

    assert rate_of(rate_limiter) == pytest.approx(2 * 0.95)


# Slots


async def test_requests_keep_apart() -> None:
    assert await slots(limiter(), 7.0, 7.0, 7.0) == pytest.approx([7.0, 7.1, 7.2])


async def test_requests_that_waited_are_no_burst() -> None:
    came = await slots(limiter(concurrency=1), 0.0, 0.0, 0.0, 0.0, held=5.0)

    assert came == pytest.approx([0.0, 5.0, 5.08, 5.18])


async def test_a_cancelled_request_is_freed() -> None:
    rate_limiter = limiter(100, concurrency=1)
    holding = asyncio.ensure_future(slots(rate_limiter, 0.0, held=1000))
    waiting = asyncio.ensure_future(slots(rate_limiter, 0.0))
    await asyncio.sleep(1)

    waiting.cancel()
    holding.cancel()
    await asyncio.gather(holding, waiting, return_exceptions=True)

    async with asyncio.timeout(1):
        await slots(rate_limiter, 0.0)


# A change of pacing during a run


async def test_a_faster_rate_takes_effect_at_once() -> None:
    rate_limiter = limiter(0.01)
    waiting = asyncio.ensure_future(slots(rate_limiter, 0, 0, 0, 0))
    await asyncio.sleep(10)

    pace(rate_limiter, 10)

    assert await waiting == pytest.approx([0, 10.1, 10.2, 10.3])


async def test_a_slower_rate_starts_next() -> None:
    rate_limiter = limiter(100)
    await slots(rate_limiter, 0, 0, 0)

    pace(rate_limiter, 0.5)

    first, second, third = await slots(rate_limiter, 0, 0, 0)
    assert (second - first, third - second) == pytest.approx((2, 2))


async def test_repeating_the_pacing_changes_nothing() -> None:
    rate_limiter = limiter(1)
    waiting = asyncio.ensure_future(slots(rate_limiter, 0, 0, 0, 0, 0))

    while not waiting.done():
        pace(rate_limiter, 1)
        await asyncio.sleep(0.3)

    assert waiting.result() == pytest.approx([0, 1, 2, 3, 4])


async def test_a_lower_concurrency_waits() -> None:
    rate_limiter, held, most = limiter(1000, concurrency=3), 0, []

    async def hold(seconds: float) -> None:
        nonlocal held
        async with rate_limiter.slot(Priority.BASELINE):
            held += 1
            most.append(held)
            await asyncio.sleep(seconds)
            held -= 1

    first = [asyncio.ensure_future(hold(seconds)) for seconds in (1, 2, 3)]
    await asyncio.sleep(0.5)
    pace(rate_limiter, 1000, concurrency=1)
    await asyncio.gather(*first, *(hold(1) for _ in range(3)))

    assert most == [1, 2, 3, 1, 1, 1]


async def test_a_higher_concurrency_starts_at_once() -> None:
    rate_limiter = limiter(1000, concurrency=1)
    async with rate_limiter.slot(Priority.BASELINE):
        waiting = asyncio.ensure_future(slots(rate_limiter, 0))
        await asyncio.sleep(5)

        pace(rate_limiter, 1000, concurrency=2)

        assert await waiting == pytest.approx([5])


@pytest.mark.parametrize(
    ("rate", "answered", "slowed"),
    [(10, 0, 2.5), (20, 0, 2.5), (1, 0, 1), (4, 1_000, 4)],
    ids=["same", "faster", "slower", "recovered"],
)
async def test_a_lowered_rate_stays_low(rate: float, answered: int, slowed: float) -> None:
    rate_limiter = limiter()
    rate_limiter.slow_down(sent_at=0, retry_after=None)

    pace(rate_limiter, rate)
    answers(rate_limiter, answered)

    assert rate_of(rate_limiter) == pytest.approx(slowed)


async def test_a_pause_is_kept_whatever_the_pace() -> None:
    rate_limiter = limiter(1)
    rate_limiter.slow_down(sent_at=0, retry_after=30)

    pace(rate_limiter, 100)

    assert await slots(rate_limiter, 0) == pytest.approx([30])
