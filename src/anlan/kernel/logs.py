"""Lines of the log carry the number of the request that wrote them; error pages show the same number."""

import logging
from contextvars import ContextVar

current_number: ContextVar[str] = ContextVar("current_number", default="-")


class NumberFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Add the number; every record passes."""
        record.number = current_number.get()
        return True
