"""One address that is told how a run has ended; whatever becomes of that, the run is none the worse."""

import json
import logging
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

logger = logging.getLogger(__name__)


def tell(url: str, body: Mapping[str, Any], timeout_s: float) -> bool:
    """Send a JSON object by POST, once; what goes wrong is logged.

    The log names the host only: such addresses have their secret in the path.

    Args:
        url: of `http` or `https`.
        body: what is sent.
        timeout_s: of connecting, and of each read.

    Returns:
        Whether the other side has taken it.
    """
    request = Request(  # noqa: S310  (parameters allow http and https only)
        url,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "auricle"},
        method="POST",
    )
    try:
        with urlopen(request, timeout=timeout_s):  # noqa: S310
            return True
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        logger.warning("The webhook at %s was not told of the run: %s", urlsplit(url).hostname, reason)
        return False
