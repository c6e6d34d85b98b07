"""The demo's story: what hall and evaluation room recorded is registered by hash; the files lie beside the papers."""

from __future__ import annotations

import hashlib
import itertools
import wave
from datetime import timedelta
from pathlib import Path

from awards.queries import recordings
from awards.rules.recordings import EVALUATION, OPENING
from core.clock import BEIJING
from portal.cli.demo.cast import CENTRE
from portal.cli.demo.story import Story

TITLES = {OPENING: "开标大厅录音（演示样本）", EVALUATION: "评标室录音（演示样本）"}
RATE = 8000


def register_recordings(story: Story) -> None:
    """A short sound file stands for each room's recording: whoever has the demo can compute its hash again."""
    pitch = itertools.count(300, 40)  # each its own sound: a hash stands in the index once
    for room, login in ((OPENING, "agent"), (EVALUATION, "officer")):
        with story.stage.platform.reading() as session:
            section = story.row(session)
            span = recordings.hours(session, section, room, story.stage.clock.now())
            places = recordings.places(session, section)[room]
        for place in places if span else []:
            file = story.stage.folder / "recordings" / f"{room}{place}.wav"
            write_sound(file, hz=next(pitch))
            content = file.read_bytes()
            began, ended = (at.astimezone(BEIJING) for at in span or ())
            story.stage.as_(login).send(
                f"/sections/{story.section}/recordings",
                {
                    "place": f"{room}:{place}" if place else room,
                    "title": TITLES[room],
                    "media": "audio",
                    "began_at": f"{began:%Y-%m-%dT%H:%M:%S}",
                    "ended_at": f"{ended + timedelta(minutes=2):%Y-%m-%dT%H:%M:%S}",
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "size": str(len(content)),
                    "location": f"演示目录 recordings/{file.name}",
                    "custody": f"{CENTRE[0]} 档案室",
                },
            )
    story.say("archive", "开标、评标的录音按指纹登记入册：文件留在保管人处，换一个字节都对不上")


def write_sound(file: Path, hz: int, seconds: int = 2) -> None:
    """A plain tone, 8 bits."""
    file.parent.mkdir(exist_ok=True)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(RATE)
        half = RATE // hz // 2
        out.writeframes(bytes(160 if place // half % 2 else 96 for place in range(RATE * seconds)))
