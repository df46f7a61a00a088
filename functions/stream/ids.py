"""Sets of whole numbers that are mostly one run: trade ids, as sorted ranges."""

from bisect import bisect_right
from collections.abc import Iterable

Range = tuple[int, int]


class Ids:
    """Ids as ranges, both ends inclusive, without overlap or touch, ascending."""

    __slots__ = ("_first", "_last")

    def __init__(self, ranges: Iterable[Iterable[int]] = ()) -> None:
        self._first: list[int] = []
        self._last: list[int] = []
        for first, last in ranges:
            self.add_range(first, last)

    def add(self, number: int) -> bool:
        """Whether the number was new."""
        if self._last and number == self._last[-1] + 1:
            self._last[-1] = number
            return True
        if number in self:
            return False
        self.add_range(number, number)
        return True

    def add_range(self, first: int, last: int) -> None:
        """All numbers from ``first`` to ``last`` are in the set now."""
        low = bisect_right(self._first, first) - 1
        if low < 0 or self._last[low] < first - 1:
            low += 1
        high = bisect_right(self._first, last + 1)
        if low < high:
            first, last = min(first, self._first[low]), max(last, self._last[high - 1])
        self._first[low:high], self._last[low:high] = [first], [last]

    def discard_range(self, first: int, last: int) -> None:
        """None of the numbers from ``first`` to ``last`` is in the set any more."""
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
        """Whether there is no hole."""
        return len(self._first) < 2  # noqa: PLR2004 - one range, or none

    def run_end(self) -> int | None:
        """The last number before the first hole."""
        return self._last[0] if self._last else None

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._first, number) - 1
        return place >= 0 and number <= self._last[place]

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges())

    def __bool__(self) -> bool:
        return bool(self._first)
