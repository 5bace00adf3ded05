"""What long work makes room for at its safe points, in its own thread. It does not know what that is."""

from __future__ import annotations

from collections.abc import Callable, Collection

from vizsla.services.discovery import FoundFile

Order = Callable[[list[FoundFile]], list[FoundFile]]


class Meanwhile:
    """Wishes that come up while long work goes on. This one has none; a schedule has others."""

    def is_wanted(self) -> bool:
        """Whether ``attend`` should be called at the next safe point. Asked often."""
        return False

    def attend(self) -> Collection[str]:
        """Do what is wanted, with nothing half done around it; the paths of files that were found to be there."""
        return ()

    def order(self) -> Order | None:
        """A new order for files that are still to be parsed; each is given once."""
        return None


NOTHING = Meanwhile()
