"""Signed notes against the example of Go's note package, and heads."""

import base64

import pytest

from tests.verifier.tools import KEY_ID, NAME, PRIVATE, SPELLED, sign_note
from verifier.canonical import Wrong
from verifier.notes import Key, open_head, open_note

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE = (
    TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ROOT = base64.b64encode(bytes(32)).decode()
HEAD = f"{NAME}\n5\n{ROOT}\n"
KEY = Key.read(SPELLED)


def test_the_published_note() -> None:
    """The example of golang.org/x/mod/sumdb/note opens."""
    assert open_note(NOTE, Key.read(PETER)) == TEXT


@pytest.mark.parametrize(
    "note",
    [NOTE.replace("think", "thank"), NOTE.replace("x08go/Z", "x08go/Y"), NOTE[:-1], NOTE.replace("— ", "- "), TEXT, "",
     NOTE.replace("\n\n", "\n"), NOTE.replace("PeterNeumann x", "EnochRoot x"), NOTE.replace("think", "th\x01nk"),
     None, 5],
)  # fmt: skip
def test_no_other_note_opens(note: object) -> None:
    """Seen red: with signed() always true, and with `need(held` left out of open_note()."""
    with pytest.raises(Wrong):
        open_note(note, Key.read(PETER))


def test_an_unknown_signature_beside_ours() -> None:
    """Others may sign a head, but not a manifest. Seen red: with `alone` disregarded."""
    both = sign_note(HEAD) + NOTE.splitlines()[-1] + "\n"
    assert open_head(both, KEY) == (5, bytes(32))
    with pytest.raises(Wrong, match="more than one"):
        open_note(both, KEY, alone=True)


@pytest.mark.parametrize(
    "spelled", ["", "a+b+c", PETER.replace("c74f20a3", "c74f20a4"), PETER + "=", PETER[:-4], 7, None]
)
def test_keys_have_one_spelling(spelled: object) -> None:
    """Seen red: with the key id not compared."""
    with pytest.raises(Wrong):
        Key.read(spelled)


@pytest.mark.parametrize(
    "body",
    [f"{NAME}\n05\n{ROOT}\n", f"{NAME}\n-5\n{ROOT}\n", f"{NAME}\n5\n{ROOT[:-5]}=\n", f"{NAME}\n5\n{ROOT}\nmore\n",
     f"other\n5\n{ROOT}\n", f"{NAME}\n5\n", f"{NAME}\n٥\n{ROOT}\n"],
)  # fmt: skip
def test_heads_have_one_spelling(body: str) -> None:
    """Seen red: with the origin, the size's spelling and the count of lines not asked for, one after the other."""
    with pytest.raises(Wrong):
        open_head(sign_note(body), KEY)


def test_a_signature_of_the_id_only() -> None:
    """Four bytes of key id and nothing to check are no signature. Seen red: with signed() always true."""
    line = base64.b64encode(KEY_ID + PRIVATE.sign(b"something else")).decode()
    with pytest.raises(Wrong):
        open_note(f"{HEAD}\n— {NAME} {line}\n", KEY)
    with pytest.raises(Wrong):
        open_note(f"{HEAD}\n— {NAME} {base64.b64encode(KEY_ID).decode()}\n", KEY)
