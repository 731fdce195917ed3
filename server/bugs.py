"""A bug of ours, as people see it: a safe sentence with a number under which the log says more."""

import logging
import secrets

from server.refusal import Refusal

logger = logging.getLogger(__name__)


def told(error: BaseException) -> Refusal:
    """Log ``error`` under a new number, and return what the person is told."""
    number = secrets.token_hex(4)
    logger.error("Bug %s", number, exc_info=error)
    fix = "The server's log says more under that number."
    return Refusal(500, "bug", f"Something went wrong here (number {number}).", fix)
