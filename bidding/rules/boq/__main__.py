"""Entry of the process apart: bind its own hands, read a bill on standard input, answer what it states in JSON."""

from __future__ import annotations

import json
import os
import sys

from core.documents.extraction.__main__ import bind_hands


def main() -> int:
    """Read the bill on standard input; print what it states. Whatever fails on hostile input is a finding."""
    bind_hands()
    from bidding.rules.boq.apart import encode
    from bidding.rules.boq.reading import read_stated
    from bidding.rules.boq.stated import refused

    try:
        answer = encode(read_stated(sys.stdin.buffer.read()))
    except Exception as error:  # a parser may fail in any way: the name of the failure is the answer
        answer = encode(refused("boq.not_xlsx", found=type(error).__name__))
    view = memoryview(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))
    while view:
        view = view[os.write(1, view) :]
    return 0


if __name__ == "__main__":
    os._exit(main())  # skip destructors of half-open parsers
