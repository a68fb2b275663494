"""A shop."""
from __future__ import annotations

import os.path as path
from typing import Protocol, TypeVar as Var

MAX_TRIES: int = 3
T = Var("T")


@dataclass(frozen=True)
@final
class Item(Base, shop.Priced[int], metaclass=Meta):
    name: str
    price: float = 0.0

    @property
    def total(self, *names: str, tax=0.2, /, **rest) -> dict[str, float]:
        def inner(x):
            return x

        return round(self.price * tax, len(names))

    @staticmethod
    async def load(file: str = "shop", *, strict: bool) -> None:
        await open(path.join(file), key=lambda one: one)


if __name__ == "__main__":
    main()
