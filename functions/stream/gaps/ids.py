"""Which trades are accounted for: ids are whole numbers that are mostly one run, kept as sorted ranges."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

Range = tuple[int, int]
Market = tuple[str, str]  # source and market


class Ids:
    """Ids as ranges, both ends inclusive, without overlap or touch, ascending."""

    __slots__ = ("_first", "_last")

    def __init__(self, ranges: Iterable[Iterable[int]] = ()) -> None:
        self._first: list[int] = []
        self._last: list[int] = []
        for first, last in ranges:
            self.add_range(first, last)

    def add(self, number: int) -> bool:
        """Add the number; whether it was new."""
        if self._last and number == self._last[-1] + 1:
            self._last[-1] = number
            return True
        if number in self:
            return False
        self.add_range(number, number)
        return True

    def add_range(self, first: int, last: int) -> None:
        """Add all numbers from ``first`` to ``last``."""
        low = bisect_right(self._first, first) - 1
        if low < 0 or self._last[low] < first - 1:
            low += 1
        high = bisect_right(self._first, last + 1)
        if low < high:
            first, last = min(first, self._first[low]), max(last, self._last[high - 1])
        self._first[low:high], self._last[low:high] = [first], [last]

    def discard_range(self, first: int, last: int) -> None:
        """Remove all numbers from ``first`` to ``last``."""
        kept: list[Range] = []
        for low, high in self.ranges():
            if high < first or low > last:
                kept.append((low, high))
                continue
            if low < first:
                kept.append((low, first - 1))
            if high > last:
                kept.append((last + 1, high))
        self._first, self._last = [low for low, _ in kept], [high for _, high in kept]

    def update(self, other: "Ids") -> None:
        for first, last in other.ranges():
            self.add_range(first, last)

    def ranges(self) -> list[Range]:
        return list(zip(self._first, self._last, strict=True))

    def holes(self) -> list[Range]:
        """The ranges between the first number and the last that are not in the set."""
        return [(last + 1, first - 1) for first, last in zip(self._first[1:], self._last, strict=False)]

    @property
    def whole(self) -> bool:
        """Whether the set is one range without a hole, or empty."""
        return len(self._first) < 2  # noqa: PLR2004 - one range, or none

    def run_end(self) -> int | None:
        """The last number before the first hole."""
        return self._last[0] if self._last else None

    def __contains__(self, number: int) -> bool:
        position = bisect_right(self._first, number) - 1
        return position >= 0 and number <= self._last[position]

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges())

    def __bool__(self) -> bool:
        return bool(self._first)


@dataclass(slots=True)
class TradeIds:
    """The trades of each market that need not come any more: received, being asked of REST, or given
    up. A number between two of them is a trade that is missing."""

    accounted: dict[Market, Ids] = field(default_factory=dict)
    _with_holes: set[Market] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._with_holes |= {market for market, ids in self.accounted.items() if not ids.whole}

    def add(self, market: Market, numbers: Sequence[int]) -> bool:
        """Account for the trades of a frame; False, and no change, unless all of them are new.

        A frame that brings a known trade beside new ones is not kept, for it would double that trade:
        its new ones stay missing, and REST is asked for exactly them.
        """
        ids = self.accounted.get(market)
        if ids is None:
            ids = self.accounted[market] = Ids()
        if len(numbers) == 1:
            new = ids.add(numbers[0])
        else:
            new = not any(number in ids for number in numbers)
            if new:
                for number in numbers:
                    ids.add(number)
        if new and not ids.whole:
            self._with_holes.add(market)
        return new

    def add_range(self, market: Market, first: int, last: int) -> None:
        self.accounted[market].add_range(first, last)

    def reopen(self, market: Market, requested: Range, answered: Ids) -> None:
        """Of the trades that were requested, count all but the answered ones as missing again."""
        ids = self.accounted[market]
        ids.discard_range(*requested)
        ids.update(answered)
        self._with_holes.add(market)

    def missing(self) -> Iterator[tuple[str, str, int, int]]:
        """Source, market, first and last id of each run of missing trades."""
        for market in sorted(self._with_holes):
            ids = self.accounted[market]
            if ids.whole:
                self._with_holes.discard(market)
            for first, last in ids.holes():
                yield (*market, first, last)

    def missing_within(self, market: Market, first: int, last: int) -> Iterator[Range]:
        """The ranges of missing trades from one id to another, at this moment."""
        for low, high in self.accounted[market].holes():
            if high >= first and low <= last:
                yield max(low, first), min(high, last)
