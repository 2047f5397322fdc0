"""The exceptions and warnings of the toolkit: a short tree, each with one meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peer_evidence.records.faults import Fault


class PeerEvidenceError(Exception):
    """Whatever the toolkit refuses to do; every other error derives from it."""

    def __str__(self) -> str:
        """Give the message so that it can be printed, even if it quotes half a character."""
        return super().__str__().encode("utf-8", "backslashreplace").decode("utf-8")


class InputError(PeerEvidenceError, ValueError):
    """An argument or a number that cannot be used: says which, what was found, what is allowed."""


class RecordsError(PeerEvidenceError, ValueError):
    """The records of a review hold faults; all of them are listed, none is loaded.

    Attributes
    ----------
    faults : tuple of Fault
        Every fault found, in the order of file and line.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        where: str = "in the records, nothing was loaded",
        then: str = "",
    ) -> None:
        self.faults = tuple(faults)
        count = len(self.faults)
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        noun = "fault" if count == 1 else "faults"
        super().__init__(f"{count} {noun} {where}:\n{lines}" + (f"\n{then}" if then else ""))


class BusyError(InputError):
    """Another process is writing into the same place at this moment."""


class WriteError(PeerEvidenceError, OSError):
    """A result could not be written; says where, why and what to do. The old one is whole."""


class PeerEvidenceWarning(UserWarning):
    """Whatever a reader should know about a result that was computed all the same."""


class ConvergenceWarning(PeerEvidenceWarning):
    """An iterative estimate did not reach its tolerance; the result says so too."""


class FewStudiesWarning(PeerEvidenceWarning):
    """A method was used with fewer studies than it should be believed with."""


class DataWarning(PeerEvidenceWarning):
    """The numbers are allowed but implausible, or some could not be used; says which rows."""


class DependenceWarning(DataWarning):
    """Several effects of one study were pooled as if they were independent."""
