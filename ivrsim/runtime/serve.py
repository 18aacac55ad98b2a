"""Python applications, served on a loopback port by uvicorn in a thread.

They are then called as any other application is: one path for all webhooks, with real
time-outs and real bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import importlib
import importlib.util
import inspect
import logging
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Literal

from ivrsim.errors import ApplicationError

if TYPE_CHECKING:
    from ivrsim.flows.target import PythonApplication

START_LIMIT_S = 30.0
"""How long importing and starting an application may take."""

STOP_LIMIT_S = 2.0

_importing = threading.Lock()
_loaded: set[str] = set()
"""Names in ``sys.modules`` that came from served applications: imported anew at every start."""


class ServedApplication:
    """An ASGI or WSGI application, started and stopped.

    Its file and the modules beside it are imported anew at every ``start``, so that a changed
    application can be called again. What it prints goes where it always goes; uvicorn is silent.
    """

    def __init__(
        self, application: PythonApplication, *, start_limit_s: float = START_LIMIT_S
    ) -> None:
        self.spec = application.spec
        self.base_url: str | None = None
        self.last_error: str | None = None
        """The last exception in a handler: ``FILE:LINE: KeyError: 'from'``."""
        file = application.file
        self._folder = (file.parent if file else application.folder).resolve()
        self._file = self._folder / file.name if file else None
        self._start_limit_s = start_limit_s
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._up = threading.Event()  # started, or failed
        self._failure: ApplicationError | None = None
        self._lifespan_error: str | None = None
        self._path_entry: str | None = None
        self._own: Callable[[], set[str]] = set

    def __enter__(self) -> ServedApplication:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def start(self) -> str:
        """Imports and serves the application; returns ``http://127.0.0.1:PORT``.

        Blocks until connections are accepted. Raises ApplicationError, one line.
        """
        if self._thread is not None:
            raise RuntimeError(f"{self.spec} is served already")
        self._up.clear()
        self._loop, self._serving, self._leave = None, None, asyncio.Event()
        self._failure = self._lifespan_error = self.last_error = None
        listener = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._thread = threading.Thread(
            target=self._run, args=(listener,), name=f"serve {self.spec}", daemon=True
        )
        self._thread.start()
        up = self._up.wait(self._start_limit_s)
        if up and self._failure is None:
            self.base_url = url
            return url
        failure = self._failure or ApplicationError(
            f"{self.spec}: not started within {self._start_limit_s:g} s: does the file run a "
            'server itself? Put that under if __name__ == "__main__":'
        )
        self.stop()
        listener.close()
        raise failure

    def stop(self) -> None:
        """Stops serving, at the latest after two seconds; a second stop does nothing."""
        thread, self._thread = self._thread, None
        self.base_url = None
        if thread is None:
            return
        self._tell(self._leave.set)
        thread.join(STOP_LIMIT_S / 2)
        if thread.is_alive() and self._serving is not None:
            self._tell(self._serving.cancel)
            # A handler that blocks the loop is left behind: all its threads are daemons.
            thread.join(STOP_LIMIT_S / 2)
        _loaded.update(self._own())

    def _tell(self, callback: Callable[[], object]) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(callback)

    # in the thread

    def _run(self, listener: socket.socket) -> None:
        try:
            asyncio.run(self._main(listener))
        except ApplicationError as error:
            self._failure = error
        except SystemExit:  # uvicorn: the application's startup failed
            detail = self._lifespan_error or "its startup failed"
            self._failure = ApplicationError(f"{self.spec}: {detail}")
        except asyncio.CancelledError:
            pass
        finally:
            if not self._up.is_set() and self._failure is None:
                self._failure = ApplicationError(f"{self.spec}: ended while it was started")
            self._up.set()
            self._restore_path()
            listener.close()

    async def _main(self, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._serving = asyncio.current_task()
        application = self._load()
        kind = _kind(application)
        if kind not in ("asgi", "wsgi"):
            raise ApplicationError(f"{self.spec} {_REFUSED[kind]}")
        import uvicorn

        up, leave = self._up, self._leave

        class Server(uvicorn.Server):
            async def main_loop(self) -> None:
                up.set()
                await self.on_tick(0)
                await leave.wait()  # uvicorn's own loop looks ten times a second

        server = Server(
            uvicorn.Config(
                self._watched(application if kind == "asgi" else self._as_asgi(application)),
                interface="asgi3",
                lifespan="auto" if kind == "asgi" else "off",
                ws="none",
                log_config=None,
                log_level=logging.CRITICAL + 1,
                access_log=False,
                date_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        flask_errors = self._connect_flask(application)
        try:
            await server.serve(sockets=[listener])
        finally:
            if flask_errors is not None:
                flask_errors.disconnect(self._note_flask, application)

    def _watched(self, application: Any) -> Any:
        """``application``, with the exceptions that leave it noted."""

        async def watched(scope: Any, receive: Any, send: Any) -> None:
            async def send_and_look(message: Any) -> None:
                if message["type"] == "lifespan.startup.failed":
                    text = str(message.get("message", "")).strip()
                    self._lifespan_error = text.splitlines()[-1] if text else None
                elif message["type"] == "http.response.start" and message["status"] >= 500:
                    # Starlette replies first and raises then: note it before the reply is seen.
                    error = sys.exception()
                    if error is not None:
                        self.last_error = self._line_of(error)
                await send(message)

            is_lifespan = scope["type"] == "lifespan"
            try:
                await application(scope, receive, send_and_look)
            except Exception as error:
                line = self._line_of(error)
                if not is_lifespan:
                    self.last_error = line
                elif self._lifespan_error is not None:
                    self._lifespan_error = line
                raise

        return watched

    def _as_asgi(self, application: Any) -> Any:
        from a2wsgi import WSGIMiddleware

        def with_errors(environ: Any, start_response: Any) -> Any:
            environ["wsgi.errors"] = sys.stderr  # a2wsgi gives stdout, which is for traces
            return application(environ, start_response)

        middleware = WSGIMiddleware(with_errors)
        middleware.executor = _DaemonThreads()
        return middleware

    def _connect_flask(self, application: Any) -> Any:
        """Flask answers 500 itself: only its signal tells of the exception."""
        flask = sys.modules.get("flask")
        if flask is None or not isinstance(application, flask.Flask):
            return None
        flask.got_request_exception.connect(self._note_flask, application)
        return flask.got_request_exception

    def _note_flask(self, sender: Any, exception: BaseException, **extra: Any) -> None:
        self.last_error = self._line_of(exception)

    # importing

    def _load(self) -> Any:
        name, colon, attribute = self.spec.rpartition(":")
        if not colon or not name or not attribute:
            raise ApplicationError(
                f"{self.spec}: expected path.py:attribute or module:attribute, such as app.py:app"
            )
        with _importing:
            for old in _loaded:
                sys.modules.pop(old, None)
            _loaded.clear()
            before = set(sys.modules)
            path = self._file
            if path is not None and not path.is_file():
                raise ApplicationError(f"{_short(str(path))}: no such file")
            self._own = lambda: _modules_of(self._folder) - before
            importlib.invalidate_caches()
            # Bytecode is found by the second of the change: two versions in one second look alike.
            writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
            self._path_entry = str(self._folder)
            sys.path.insert(0, self._path_entry)
            try:
                module = importlib.import_module(name) if path is None else _execute(path)
            except (Exception, SystemExit) as error:  # whatever the application's file does
                raise self._import_failed(name, error) from error
            finally:
                sys.dont_write_bytecode = writes_bytecode
                _loaded.update(self._own())
        return self._attribute(module, name, attribute)

    def _restore_path(self) -> None:
        entry, self._path_entry = self._path_entry, None
        if entry in sys.path:
            sys.path.remove(entry)

    def _attribute(self, module: ModuleType, name: str, attribute: str) -> Any:
        found: Any = module
        for part in attribute.split("."):
            if not hasattr(found, part):
                names = [n for n, v in vars(module).items() if _kind(v) in ("asgi", "wsgi")]
                names = [n for n in names if not n.startswith("_")]
                close = difflib.get_close_matches(attribute, names, n=1, cutoff=0.4) or names[:1]
                hint = f": did you mean {name}:{close[0]}?" if close else ""
                raise ApplicationError(f"{name} has no attribute {part!r}{hint}")
            found = getattr(found, part)
        return found

    def _import_failed(self, name: str, error: BaseException) -> ApplicationError:
        if isinstance(error, SyntaxError) and error.filename:
            place = f"{_short(error.filename)}:{error.lineno or 1}"
            return ApplicationError(f"{place}: {type(error).__name__}: {error.msg}")
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and (name == missing or name.startswith(f"{missing}.")):
            return ApplicationError(
                f"{self.spec}: no module {missing!r} in {_short(str(self._folder))} or installed; "
                "expected path.py:attribute or module:attribute"
            )
        line = self._line_of(error)
        if missing:
            package = missing.partition(".")[0]
            line += f": is it installed? (pip install {package})"
        return ApplicationError(line)

    def _line_of(self, error: BaseException) -> str:
        """``FILE:LINE: Type: message``, the place being the application's own, if there is one."""
        place = _place(error.__traceback__, str(self._folder)) or self.spec
        return " ".join(f"{place}: {type(error).__name__}: {error}".split()).removesuffix(":")


_REFUSED = {
    "factory": "is a function that makes an application: put `app = make_app()` into the file "
    "and name that",
    "class": "is a class: name an instance of it",
    "other": "is no application: expected ASGI (scope, receive, send) or WSGI "
    "(environ, start_response)",
}


def _kind(found: Any) -> Literal["asgi", "wsgi", "factory", "class", "other"]:
    """What ``found`` is, by how it can be called (ASGI 3, PEP 3333)."""
    if isinstance(found, type):
        return "class"
    try:
        if not callable(found):
            return "other"
        signature = inspect.signature(found)
    except Exception:
        # A function of C, a callable that hides its signature, or a proxy such as Flask's
        # `request`, which raises what it likes when it is looked at.
        return "other"
    is_coroutine = inspect.iscoroutinefunction(found) or inspect.iscoroutinefunction(
        type(found).__call__
    )
    if is_coroutine and _takes(signature, 3):
        return "asgi"
    if not is_coroutine and _takes(signature, 2):
        return "wsgi"
    if _takes(signature, 3):  # a plain function that returns the coroutine of another
        return "asgi"
    return "factory" if _takes(signature, 0) else "other"


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def _execute(path: Path) -> ModuleType:
    """The module of ``path``, by the name that its neighbours would import it by, if free."""
    name = path.stem if path.stem not in sys.modules else f"_served_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _modules_of(folder: Path) -> set[str]:
    """Names of loaded modules whose file is in ``folder``, installed packages and ivrsim aside."""
    names = set()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or name.partition(".")[0] == "ivrsim":
            continue
        if _is_own(file, str(folder)):
            names.add(name)
    return names


def _is_own(file: str, folder: str) -> bool:
    path = Path(file)
    return path.is_relative_to(folder) and not {"site-packages", "dist-packages"} & set(path.parts)


def _place(trace: TracebackType | None, folder: str) -> str | None:
    """FILE:LINE of the innermost statement in ``folder``, else of the innermost of all."""
    frames = [
        frame
        for frame in traceback.extract_tb(trace)
        if not frame.filename.startswith("<") and "ivrsim/runtime" not in frame.filename
    ]
    own = [frame for frame in frames if _is_own(frame.filename, folder)]
    chosen = (own or frames)[-1:]
    return f"{_short(chosen[0].filename)}:{chosen[0].lineno}" if chosen else None


def _short(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


class _DaemonThreads(ThreadPoolExecutor):
    """A thread for each request, a daemon: the interpreter waits for a pool's own threads when
    it ends, for ever if a handler hangs."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return  # nobody waits any more: the request was given up
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # handed to who waits for the future
                future.set_exception(error)

        threading.Thread(target=work, name="wsgi", daemon=True).start()
        return future
