"""The webhook: an address that is none harms no run, and no log or error shows it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pydantic import ValidationError

from auricle.runs.params import RunsParams
from auricle.runs.webhook import tell


@pytest.mark.parametrize("url", ["", " ", None])
def test_without_an_address_nobody_is_told(url: str | None) -> None:
    assert RunsParams.model_validate({"webhook": {"url": url}}).webhook.url is None


@pytest.mark.parametrize(
    "url", ["example.org/SECRET", "ftp://example.org/SECRET", "http://[bad/SECRET", "http://a:b/SECRET"]
)
def test_what_is_no_address_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ValidationError, match="or leave AURICLE_WEBHOOK_URL empty") as told:
        RunsParams.model_validate({"webhook": {"url": url}})
    assert "SECRET" not in str(told.value)


def test_a_wrong_value_elsewhere_does_not_show_the_address() -> None:
    with pytest.raises(ValidationError) as told:
        RunsParams.model_validate({"webhook": {"uri": "https://example.org/SECRET"}})
    assert "SECRET" not in str(told.value)


@pytest.mark.parametrize(
    "url", ["http://[bad/SECRET", "http://127.0.0.1:abc/SECRET", "http://127.0.0.1:9/SECRET"]
)
def test_whatever_is_wrong_with_an_address_is_a_warning(url: str, caplog: pytest.LogCaptureFixture) -> None:
    assert tell(url, {"text": "kept"}, 1) is False
    assert "was not told" in caplog.text
    assert "SECRET" not in caplog.text


@pytest.fixture
def moved() -> Iterator[tuple[str, list[str]]]:
    """An address that redirects, and how it and the other one were asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append("POST")
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def do_GET(self) -> None:
            asked.append("GET")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook/SECRET", asked
    server.shutdown()
    server.server_close()


def test_a_redirection_is_not_followed(
    moved: tuple[str, list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    url, asked = moved
    assert tell(url, {"text": "kept"}, 5) is False
    assert asked == ["POST"]
    assert "302" in caplog.text and "SECRET" not in caplog.text
