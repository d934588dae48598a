"""Between formats: a message said in another one, and what could not be said there.

A conversion never guesses what decides about a warning's being real or whom it may reach: it refuses (`Unconvertible`). All else
that the other format has no word for is a `Loss`; docs/integrator/messages.md lists them.
"""

from anlan.protocols.conversion.cap_to_cn12379 import from_cap
from anlan.protocols.conversion.cn12379_to_cap import to_cap
from anlan.protocols.conversion.losses import Loss, Unconvertible

__all__ = ["Loss", "Unconvertible", "from_cap", "to_cap"]
