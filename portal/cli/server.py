"""The web server: gunicorn with threads, which knows when each request came though nobody had time to read it."""

from __future__ import annotations

import gc
import resource
import socket
import struct
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import TConn, ThreadWorker

from bidding.routes.doorkeeper import Doorkeeper

SO_TIMESTAMPNS = 35
"""Linux tells with each piece of a stream when its last byte came (socket(7)); Python has no name for it."""
PATIENCE = 120.0


class TimedSocket(socket.socket):
    """A connection that knows when the last byte read from it had come: `arrived`, seconds by the system's clock."""

    arrived: float | None = None

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """As `socket.recv`; afterwards `arrived` is of the last byte returned, where the system says so."""
        data, told, _, _ = self.recvmsg(bufsize, 64, flags)
        for level, kind, value in told:
            if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
                seconds, nanoseconds = struct.unpack("@ll", value[: struct.calcsize("@ll")])
                self.arrived = seconds + nanoseconds / 1e9
        return data


class Worker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's threads, with the instant of arrival, and a keeper of the doors at each deadline."""

    def load_wsgi(self) -> None:
        """Make the site and begin to look out for deadlines."""
        for listener in self.sockets:
            listener.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        super().load_wsgi()
        gc.collect()
        gc.freeze()  # the site stays as it is; without this 300 commits at once wait 1.4 times as long (`figure R3`)
        gc.set_threshold(20_000, 20, 20)
        self.arrivals = self.wsgi.extensions["sunbid.arrivals"]
        Doorkeeper(self.arrivals, self._knock).start()

    def handle(self, conn: TConn) -> Any:
        """One request, read in a thread of the pool."""
        if type(conn.sock) is socket.socket:
            conn.sock = TimedSocket(fileno=conn.sock.detach())
        with self.arrivals.reading():
            return super().handle(conn)

    def _knock(self) -> None:
        host, port = self.sockets[0].getsockname()[:2]
        line = HTTPConnection(host, port, timeout=PATIENCE)
        try:
            line.request("GET", "/healthz")
            line.getresponse().read()
        finally:
            line.close()


class Site(BaseApplication):  # type: ignore[misc]
    """One process with `threads` threads; the site is made in it: connections never cross a fork."""

    def __init__(self, make_app: Callable[[], Any], host: str, port: int, threads: int) -> None:
        self._make_app = make_app
        self._chosen = {
            "bind": f"{host}:{port}",
            "workers": 1,
            "threads": threads,
            "worker_class": Worker,
            "backlog": 8192,
            "worker_connections": 8192,  # beyond it nobody is let in, and a crowd at a deadline would be kept out
            "timeout": 120,
            "graceful_timeout": 20,
            "accesslog": None,  # the site writes its own, which names nobody on the paths of sealed bids
            "errorlog": "-",
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        super().__init__()

    def load_config(self) -> None:
        """Take what was chosen, as far as this gunicorn knows it."""
        for key, value in self._chosen.items():
            if key in self.cfg.settings:
                self.cfg.set(key, value)

    def load(self) -> Any:
        """The site."""
        return self._make_app()


def run_server(make_app: Callable[[], Any], host: str, port: int, threads: int) -> None:
    """Serve until told to stop; a crowd may hold as many files and connections as the system lets this process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    Site(make_app, host, port, threads).run()
