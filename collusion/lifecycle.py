"""A warning's life: 预警—分办—核查—处置—反馈, as a literal table. No state rejects a bid."""

from __future__ import annotations

from core.machine import Lifecycle, move

WARNING = Lifecycle(
    "warning",
    "open",
    {
        "assign": move("open", "assigned"),
        "confirm": move("assigned", "confirmed"),
        "refer": move("assigned", "referred"),
        "dismiss": move("assigned", "dismissed"),
    },
)
