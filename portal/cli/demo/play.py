"""The whole story in order; the demo and the journeys play the same."""

from __future__ import annotations

from portal.cli.demo import outcome, refunds
from portal.cli.demo.evaluation import evaluate
from portal.cli.demo.opening_day import hold_opening
from portal.cli.demo.performance import supplement
from portal.cli.demo.story import Story


def play(story: Story) -> list[str]:
    """Play from the papers to the verified archive; what was not as promised, empty when all was."""
    until_deadline(story)
    return from_opening(story)


def until_deadline(story: Story) -> None:
    """Everything before the opening: notice, questions, sealed bids, the late one, the credit list."""
    story.prepare()
    story.announce()
    story.commit_to_draws()
    story.clarify()
    story.submit()
    story.be_late()
    story.credit_lists()


def from_opening(story: Story) -> list[str]:
    """Everything from the opening to the verified archive."""
    hold_opening(story)
    outcome.scan(story)
    evaluate(story)
    outcome.dispose(story)
    outcome.award(story)
    refunds.give_back(story)
    target = outcome.archive(story)
    lines = outcome.verify(story, target)
    lines += supplement(story, target)
    return outcome.faults(story, lines, outcome.sabotage(story, target))
