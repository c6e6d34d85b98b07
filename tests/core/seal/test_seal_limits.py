"""Nothing half-written, memory that does not grow, and no server needed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from core import seal as sealing
from core.seal import Enclosure, Sealed
from tests.core.seal.scene import Scene

ROOT = Path(__file__).resolve().parents[3]

MEMORY = """
import resource, sys
from pathlib import Path
from core import seal as sealing
from core.seal import Enclosure
from tests.core.seal.scene import make_bidder, make_facts, make_policy, Scene

folder = Path(sys.argv[1])
trustees = {role: sealing.new_identity() for role in ("tenderee", "officer", "supervisor")}
policy = make_policy(trustees, envelopes=["schedule"])

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

def cycle(name, megabytes):
    path = folder / name
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(b"\\x5a" * (1 << 20))
    scene = Scene(trustees, policy, make_bidder("x"), make_facts(), {"schedule": [Enclosure("a", path)]})
    sealed = scene.seal(folder / (name + ".bid"))
    scene.open(sealed, "schedule", folder / (name + ".out"))
    assert (folder / (name + ".out") / "files/a" / name).stat().st_size == megabytes << 20

cycle("small", 1)
before = peak()
cycle("large", 200)
print(peak() - before)
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Seal and open 200 MB in a process of its own: less than 64 MB more than for 1 MB.

    Seen red: with the sealed blocks kept in a list.
    """
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 64, f"grew by {done.stdout} MB"


def test_sealing_needs_no_server_and_no_database() -> None:
    """Seen red: with `import flask` in any file of core/seal."""
    check = (
        "import sys, core.seal; "
        "bad = {'flask', 'sqlalchemy', 'werkzeug', 'jinja2', 'babel'} & {m.split('.')[0] for m in sys.modules}; "
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=True)


def test_a_failure_at_any_moment_leaves_nothing(scene: Scene, sealed: Sealed, tmp_path: Path) -> None:
    """The caller's progress raises at every step in turn, as a full disk or an interrupt would.

    Seen red: with the folder removed only on Invalid.
    """
    threads = threading.active_count()
    large = tmp_path / "large"
    large.write_bytes(b"x" * 6_000_000)
    envelopes = scene.envelopes | {"technical": [Enclosure("a", large)]}

    def stop_after(count: int) -> sealing.sealing.Progress:
        left = [count]

        def progress(done: int, total: int) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt

        return progress

    stopped = 0
    for count in range(500):
        try:
            scene.seal(tmp_path / "bid", envelopes=envelopes, progress=stop_after(count))
        except KeyboardInterrupt:
            stopped += 1
            assert list(tmp_path.iterdir()) == [large]
        else:
            break
    assert stopped > 10
    wanted = sealing.expected(sealed.submission, "technical")
    released = scene.released(sealed, "technical")
    with pytest.raises(KeyboardInterrupt):
        sealing.open_sealed(sealed.bulks["technical"], released, wanted, tmp_path / "out", stop_after(0))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bid", "large"]
    assert threading.active_count() == threads


def test_a_full_disk_is_said_and_leaves_nothing(
    scene: Scene, sealed: Sealed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RLIMIT_FSIZE stands in for the full disk, in a process of its own, for sealing and for opening.

    Seen red: with OSErrors of the writer reported as seal.torn.
    """
    program = """
import resource, signal, sys
from pathlib import Path
from tests.core.seal.scene import *
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = Path(sys.argv[1])
trustees = {role: sealing.new_identity() for role in ("tenderee", "officer", "supervisor")}
(folder / "file").write_bytes(b"x" * 3_000_000)
scene = Scene(trustees, make_policy(trustees, envelopes=["schedule"]), make_bidder("x"), make_facts(),
              {"schedule": [Enclosure("a", folder / "file")]})
sealed = scene.seal(folder / "bid")
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
for act in (lambda: scene.seal(folder / "bid2"), lambda: scene.open(sealed, "schedule", folder / "out")):
    try:
        act()
    except OSError as error:
        assert error.errno == 27, error
    else:
        sys.exit("no error")
print(sorted(p.name for p in folder.iterdir()))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['bid', 'file']"


def test_a_killed_seal_never_shows_a_folder(scene: Scene, tmp_path: Path) -> None:
    """SIGKILL at six moments: the result is there whole or not at all, and a second run succeeds.

    Seen red: with the files written straight into `out`.
    """
    program = (
        "import sys; from pathlib import Path; from tests.core.seal.scene import *\n"
        "folder = Path(sys.argv[1]); trustees = {r: sealing.new_identity() for r in ('tenderee', 'officer', 'other')}\n"
        "scene = Scene(trustees, make_policy(trustees, envelopes=['schedule']), make_bidder('x'), make_facts(),\n"
        "              {'schedule': [Enclosure('a', folder / 'file')]})\n"
        "print('ready', flush=True)\n"
        "scene.seal(folder / sys.argv[2])\n"
    )
    (tmp_path / "file").write_bytes(b"x" * 20_000_000)
    whole = torn = 0
    for number in range(6):
        command = [sys.executable, "-c", program, str(tmp_path), str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            time.sleep(0.04 * number)
            os.kill(child.pid, signal.SIGKILL)
        out = tmp_path / str(number)
        if out.exists():
            whole += 1
            submission = sealing.read_canonical((out / "submission.json").read_bytes(), sealing.MAX_SUBMISSION)
            assert len(list(out.iterdir())) == 1 + 4 + 3 + 2
            assert (out / "schedule.bulk.age").stat().st_size == submission["envelopes"]["schedule"]["bulk"]["size"]
        else:
            torn += 1
    assert torn, "every kill came too late to test anything"
    subprocess.run([sys.executable, "-c", program, str(tmp_path), "last"], cwd=ROOT, check=True, capture_output=True)
    assert (tmp_path / "last/submission.json").exists()


def test_an_enclosure_is_named_after_its_file_by_default(tmp_path: Path) -> None:
    """Seen red: with the whole path as its name."""
    assert Enclosure("a", tmp_path / "x.pdf").title == "x.pdf"
    assert Enclosure("a", tmp_path / "x.pdf", "y.pdf").title == "y.pdf"
