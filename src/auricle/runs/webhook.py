"""One address that is told how a run has ended; whatever becomes of that, the run is none the worse."""

import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

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
    try:
        request = Request(  # noqa: S310  (parameters allow http and https only)
            url,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "User-Agent": "auricle"},
            method="POST",
        )
        with build_opener(_NoRedirects).open(request, timeout=timeout_s):
            return True
    except Exception as error:  # the run has ended by now, and how it did is not to depend on this
        logger.warning("The webhook at %s was not told of the run: %s", _host(url), _reason(error))
        return False


class _NoRedirects(HTTPRedirectHandler):
    """A POST that is redirected becomes a GET, which tells nobody anything and looks like success."""

    def redirect_request(self, *_: Any) -> None:
        """None is for an error with the code of the redirection."""


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        moved = ", a redirection, which is not followed: give the address it leads to"
        return f"{error.code} {error.reason}{moved if 300 <= error.code < 400 else ''}"
    return str(error.reason) if isinstance(error, URLError) else type(error).__name__
