"""Every checkable statement of a package, as a computation on its records.

Which check answers which statement is data (``claims.csv``); the checks themselves know nothing
of the topic. The docstring of each says when it finds a statement supported or contradicted.
"""

from peer_evidence.claims.check import CHECKS, Claims, check_claims

__all__ = ["CHECKS", "Claims", "check_claims"]
