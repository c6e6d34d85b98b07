"""A payment goes back once: the database refuses a second refund of it that is not sent back or stopped."""

import sqlalchemy as sa
from alembic import op

revision = '0055'
down_revision = '0054'
branch_labels = None
depends_on = None

UNDER_WAY = sa.text("state IN ('prepared','approved','paid')")


def upgrade() -> None:
    op.create_index(
        'one_refund_each', 'bond_refund', ['payment_id'], unique=True,
        sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index('one_refund_each', 'bond_refund')
