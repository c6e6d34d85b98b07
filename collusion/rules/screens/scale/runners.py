"""Where tasks run: one after the other, in processes of this machine, or on the workers of a Dask cluster."""

from __future__ import annotations

import multiprocessing
import platform
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import duckdb
import numpy as np

from collusion.rules.screens.report import MODEL
from core.errors import Invalid

Result = TypeVar("Result")
WAIT = "20s"


class Runner(Protocol):
    """What runs tasks."""

    workers: int

    def each(self, task: Callable[..., Result], calls: Sequence[tuple[Any, ...]]) -> list[Result]:
        """Run the task once per call, on different workers where there are any; results in the order of the calls."""


class Alone:
    """Runs tasks here, one after the other."""

    workers = 1

    def each(self, task: Callable[..., Result], calls: Sequence[tuple[Any, ...]]) -> list[Result]:
        """Run them."""
        return [task(*call) for call in calls]


class Processes:
    """Runs tasks in processes of this machine."""

    def __init__(self, pool: ProcessPoolExecutor, workers: int) -> None:
        """Run on this pool."""
        self.pool, self.workers = pool, workers

    def each(self, task: Callable[..., Result], calls: Sequence[tuple[Any, ...]]) -> list[Result]:
        """Run them."""
        running = [self.pool.submit(task, *call) for call in calls]
        return [future.result() for future in running]


class Cluster:
    """Runs tasks on the workers of a Dask cluster; one that dies is replaced by another, the task is run again."""

    def __init__(self, client: Any, workers: int) -> None:
        """Run on the workers this client knows."""
        self.client, self.workers = client, workers

    def each(self, task: Callable[..., Result], calls: Sequence[tuple[Any, ...]]) -> list[Result]:
        """Run them."""
        running = [self.client.submit(task, *call, pure=False) for call in calls]
        found: list[Result] = self.client.gather(running)
        return found


@contextmanager
def processes(workers: int) -> Iterator[Runner]:
    """Give a runner on this machine; its processes end with it."""
    if workers == 1:
        yield Alone()
        return
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        yield Processes(pool, workers)


@contextmanager
def cluster(address: str, shared: Path) -> Iterator[Runner]:
    """Give a runner on the cluster whose scheduler is at this address; `shared` must be the same folder for all.

    Invalid `screen.no_dask` where the extra is not installed, `screen.open_wire` for bids unencrypted beyond this
    machine, `screen.no_workers`, `screen.workers_differ` in version, `screen.not_shared`.
    """
    try:
        from distributed import Client
    except ImportError:
        raise Invalid("screen.no_dask", field="engine") from None
    if not private(address):
        raise Invalid("screen.open_wire", field="workers", address=address)
    try:
        client: Any = Client(address, timeout=WAIT, set_as_default=False)
    except (OSError, ValueError, TimeoutError, MemoryError) as error:  # what is no scheduler answers anything
        raise Invalid("screen.no_workers", field="workers", address=address) from error
    token = shared / f"token-{uuid.uuid4().hex}"
    try:
        token.write_text(token.name)
        found = client.run(look, str(token))
        if not found:
            raise Invalid("screen.no_workers", field="workers", address=address)
        here = look(str(token))
        for worker, there in sorted(found.items()):
            if there[0] != here[0]:
                raise Invalid("screen.workers_differ", field="workers", worker=worker, there=there[0], here=here[0])
            if there[1] != here[1]:
                raise Invalid("screen.not_shared", field="work", worker=worker, folder=str(shared))
        yield Cluster(client, len(found))
    finally:
        token.unlink(missing_ok=True)
        client.close()


def look(token: str) -> tuple[str, str]:
    """Give what a worker computes with, and what it reads in the shared folder."""
    file = Path(token)
    python = ".".join(platform.python_version_tuple()[:2])
    versions = f"{MODEL} python {python} duckdb {duckdb.__version__} numpy {np.__version__}"
    return versions, file.read_text() if file.exists() else ""


def private(address: str) -> bool:
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme in ("tls", "wss", "inproc"):
        return True
    host = parts.hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
