"""Figures as SVG made on the server: pure functions from numbers to a drawing and the table that says the same.

The same drawing stands on a page and on paper, needs no script and no style attribute, and never speaks by colour
alone.
"""

from core.render.figures.bars import Bar, bars, columns
from core.render.figures.drawing import Figure, Table
from core.render.figures.evidence import heatmap, waterfall
from core.render.figures.feedback import Group, answered_bars
from core.render.figures.network import Tie, network
from core.render.figures.prices import ladder, strip_plot
from core.render.figures.schedule import Stage, timeline
from core.render.figures.scores import score_matrix

__all__ = [
    "Bar", "Figure", "Group", "Stage", "Table", "Tie", "answered_bars", "bars", "columns", "heatmap", "ladder",
    "network", "score_matrix", "strip_plot", "timeline", "waterfall",
]  # fmt: skip
