"""The child of R27: recomputes results line by line with the verifier and with the program printed in scoring.md.

Reads one tender a line on standard input ({"result", "files", "entries"}) and writes one line each: the list of what
does not hold. It imports nothing of the platform; run as `python recount.py ROOT`.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from pathlib import Path
from typing import Any


class Told:
    """The files of an archive, as far as the claim about scores reads them."""

    def __init__(self, files: dict[str, Any]) -> None:
        self.files = files
        self.members = files

    def json(self, path: str) -> Any:
        return self.files[path]

    def rows(self, path: str) -> Any:
        return self.files[path]


def printed_program(root: Path) -> Any:
    """The program of docs/spec/scoring.md, compiled."""
    text = (root / "docs" / "spec" / "scoring.md").read_text(encoding="utf-8")
    return compile(re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0], "scoring.md", "exec")


def main() -> int:
    """Recount every line of standard input."""
    root = Path(sys.argv[1])
    sys.path[:] = [str(root), *[path for path in sys.path if path and Path(path).resolve() != root]]
    from verifier.claims_scores import scores
    from verifier.verdict import Case, Findings

    strangers = [name for name in sys.modules if name.partition(".")[0] in ("experts", "core", "bidding", "opening")]
    assert not strangers, strangers
    program = printed_program(root)
    sys.argv = ["scoring.md", "result.json"]
    for line in sys.stdin:
        told = json.loads(line)
        case = Case(Told(told["files"]), None)  # type: ignore[arg-type]
        case.__dict__.update(entries=told["entries"])
        found = Findings()
        scores(case, found)
        faults = [f"{problem.where}: {problem.en}" for problem in found.problems]
        said = io.StringIO()
        text = json.dumps(told["files"]["evaluation.json"])
        try:
            with contextlib.redirect_stdout(said):
                exec(program, {"__name__": "__main__", "open": lambda _path, text=text: io.StringIO(text)})
            if not said.getvalue().startswith("OK"):
                faults.append("the printed program did not say OK")
        except Exception as refused:  # whatever stops the program is a difference
            faults.append(f"the printed program: {refused!r}")
        print(json.dumps(faults), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
