"""Python applications served in a thread: good ones, broken ones, ones that hang."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import sys
import threading
from pathlib import Path
from textwrap import dedent
from urllib.parse import urlsplit

import pytest

from ivrsim.errors import ApplicationError
from ivrsim.flows.target import PythonApplication
from ivrsim.runtime.serve import ServedApplication
from ivrsim.runtime.webhooks import WebhookClient
from tests.runtime_http.servers import webhook

WSGI = """
def app(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body]
"""
ASGI = """
async def app(scope, receive, send):
    assert scope["type"] == "http"
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"]})
"""
FLASK = """
from flask import Flask, request
app = Flask(__name__)

@app.post("/echo")
def echo():
    return request.get_data()

@app.post("/broken")
def broken():
    return {}["from"]
"""
FASTAPI = """
from __future__ import annotations
from contextlib import asynccontextmanager
from fastapi import FastAPI, Request
from pydantic import BaseModel

class Event(BaseModel):
    digits: str

@asynccontextmanager
async def lifespan(app):
    app.state.ready = True
    yield

app = FastAPI(lifespan=lifespan)

@app.post("/echo")
def echo(event: Event, request: Request) -> Event:
    assert request.app.state.ready
    return event

@app.post("/broken")
def broken():
    return {}["from"]
"""


@pytest.fixture
def served(tmp_path: Path):
    made: list[ServedApplication] = []

    def serve(code: str | None, spec: str = "app.py:app", **options) -> ServedApplication:
        if code is not None:
            (tmp_path / "app.py").write_text(dedent(code))
        made.append(ServedApplication(PythonApplication(spec, "/", tmp_path), **options))
        return made[-1]

    path, modules = list(sys.path), set(sys.modules)
    yield serve
    for application in made:
        application.stop()
    assert sys.path == path
    for name in set(sys.modules) - modules:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def post(url: str, body: bytes = b'{"digits":"1"}') -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("POST", parts.path or "/", body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def refusal(application: ServedApplication) -> str:
    with pytest.raises(ApplicationError) as caught:
        application.start()
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize("code", [WSGI, ASGI, FLASK, FASTAPI], ids=["wsgi", "asgi", "flask", "api"])
def test_every_kind_is_served(served, code):
    application = served(code)
    url = application.start()
    assert url == application.base_url
    status, body = post(f"{url}/echo")
    assert (status, json.loads(body)) == (200, {"digits": "1"})
    assert application.last_error is None
    application.stop()
    application.stop()
    assert application.base_url is None
    with pytest.raises(ConnectionRefusedError):
        post(url)


async def test_it_is_called_by_the_webhook_client(served):
    url = await asyncio.to_thread(served(FASTAPI).start)
    async with WebhookClient() as client:
        headers = {"Content-Type": "application/json"}
        request = webhook(f"{url}/echo", body=b'{"digits":"2"}', headers=headers)
        for _ in range(3):
            event = await client.send(request)
            assert json.loads(event.body) == {"digits": "2"}


@pytest.mark.parametrize(
    "code",
    [
        WSGI.replace('environ["wsgi.input"].read()', '{}["from"]'),
        ASGI.replace("await receive()", '{}["from"]'),
        FLASK,
        FASTAPI,
    ],
    ids=["wsgi", "asgi", "flask", "api"],
)
def test_an_exception_in_a_handler_is_a_500_with_its_place(served, code, tmp_path, caplog):
    line = code[: code.index('{}["from"]')].count("\n") + 1
    application = served(code)
    status, _ = post(f"{application.start()}/broken")
    assert status == 500
    assert application.last_error == f"{tmp_path}/app.py:{line}: KeyError: 'from'"
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]


def test_uvicorn_is_silent_and_flask_logs_to_standard_error(served, capfd):
    post(f"{served(FLASK).start()}/broken")
    assert capfd.readouterr().out == ""
    post(served(ASGI.replace("await receive()", '{}["from"]')).start())
    assert capfd.readouterr() == ("", "")


def test_a_changed_application_and_its_neighbour_are_imported_anew(served, tmp_path):
    (tmp_path / "words.py").write_text('WORD = b"one"')
    code = """
    from words import WORD
    def app(environ, start_response):
        import later
        start_response("200 OK", [])
        return [WORD + later.WORD]
    """
    (tmp_path / "later.py").write_text('WORD = b"1"')
    application = served(code)
    assert post(application.start()) == (200, b"one1")
    application.stop()
    (tmp_path / "words.py").write_text('WORD = b"two"')
    (tmp_path / "later.py").write_text('WORD = b"2"')
    assert post(application.start()) == (200, b"two2")
    assert not list(tmp_path.rglob("__pycache__/words*"))


def test_a_module_and_a_file_of_a_taken_name(served, tmp_path):
    (tmp_path / "flow_module.py").write_text(WSGI)
    assert post(served(None, "flow_module:app").start())[0] == 200
    (tmp_path / "json.py").write_text(WSGI)
    assert post(served(None, "json.py:app").start())[0] == 200
    import json as standard

    assert standard is json


def test_applications_beside_each_other(served, tmp_path):
    (tmp_path / "other.py").write_text(WSGI)
    first, second = served(WSGI).start(), served(None, "other.py:app").start()
    assert first != second
    assert post(first)[0] == post(second)[0] == 200


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("app = (\n", "app.py:1: SyntaxError: '(' was never closed"),
        ("x = 1\nimport flaskk\n", "app.py:2: ModuleNotFoundError: No module named 'flaskk'"),
        ("import flaskk.sub\n", "(pip install flaskk)"),
        ("from json import nothing\n", "app.py:1: ImportError: cannot import name 'nothing'"),
        ("def f():\n    1 / 0\nf()\n", "app.py:2: ZeroDivisionError: division by zero"),
        ("import json\njson.loads('{')\n", "app.py:2: JSONDecodeError: "),
        ("raise ValueError('a\\nb')\n", "app.py:1: ValueError: a b"),
        ("import sys\nsys.exit(3)\n", "app.py:2: SystemExit: 3"),
        ("assert False\n", "app.py:1: AssertionError"),
        ("", "app.py has no attribute 'app'"),
        (WSGI.replace("app", "application"), "did you mean app.py:application?"),
        ("app = 3\n", "is no application: expected ASGI"),
        ("def app(request): pass\n", "is no application: expected ASGI"),
        ("def app(): pass\n", "is a function that makes an application"),
        ("class app:\n    async def __call__(self, a, b, c): ...\n", "is a class"),
    ],
    ids=range(15),
)
def test_what_cannot_be_imported_is_one_line(served, code, expected):
    assert expected in refusal(served(code))


def test_an_error_in_a_neighbour_names_the_neighbour(served, tmp_path):
    (tmp_path / "words.py").write_text("x = 1\ny = x / 0\n")
    assert refusal(served("import words\n")) == (
        f"{tmp_path}/words.py:2: ZeroDivisionError: division by zero"
    )


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("missing.py:app", "missing.py: no such file"),
        ("app.py", "expected path.py:attribute or module:attribute"),
        ("app.py:", "expected path.py:attribute or module:attribute"),
        ("no_such_module:app", "no module 'no_such_module' in"),
        ("no_such.module:app", "no module 'no_such' in"),
        ("app.py:app.wsgi", "has no attribute 'wsgi'"),
    ],
)
def test_a_spec_that_leads_nowhere(served, spec, expected):
    assert expected in refusal(served(WSGI, spec))


@pytest.mark.parametrize("framework", ["fastapi", "raw"])
def test_a_failed_startup_is_one_line(served, framework):
    fastapi = """
    from contextlib import asynccontextmanager
    from fastapi import FastAPI
    @asynccontextmanager
    async def lifespan(app):
        raise RuntimeError("no database")
        yield
    app = FastAPI(lifespan=lifespan)
    """
    raw = """
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})
    """
    line = refusal(served(fastapi if framework == "fastapi" else raw))
    assert line.endswith("no database")
    if framework == "fastapi":
        assert "app.py:6: RuntimeError" in line


def test_a_file_that_never_ends_its_import_is_given_up(served):
    """As one with ``app.run()`` at its end does."""
    code = "import threading\nthreading.Event().wait(0.4)\n" + WSGI
    line = refusal(served(code, start_limit_s=0.1))
    assert "not started within 0.1 s" in line
    assert '__name__ == "__main__"' in line


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_a_handler_that_hangs_does_not_hold_up_the_stop(served, kind):
    """Nor the end of the interpreter: whatever is left is a daemon."""
    wsgi = WSGI.replace('environ["wsgi.input"].read()', "__import__('time').sleep(60)")
    asgi = ASGI.replace("await receive()", "await __import__('asyncio').sleep(60)")
    application = served(wsgi if kind == "wsgi" else asgi)
    parts = urlsplit(application.start())
    with socket.create_connection((parts.hostname, parts.port)) as caller:
        caller.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        caller.settimeout(0.1)
        with pytest.raises(TimeoutError):
            caller.recv(1)
        application.stop()
    hanging = [t for t in threading.enumerate() if t.name in ("wsgi", "serve app.py:app")]
    assert all(thread.daemon for thread in hanging)
