"""A warning's life: 预警—分办—核查—补充材料—处置—复核—反馈, as a literal table. No state rejects a bid."""

from __future__ import annotations

from core.machine import Lifecycle, move

WARNING = Lifecycle(
    "warning",
    "open",
    {
        "assign": move("open", "assigned"),
        "ask": move("assigned", "asked"),
        "resume": move("asked", "assigned"),
        "propose": move("assigned", "proposed"),
        "send_back": move("proposed", "assigned"),
        "confirm": move("proposed", "confirmed"),
        "refer": move("assigned", "referred"),
        "dismiss": move("proposed", "dismissed"),
    },
)
