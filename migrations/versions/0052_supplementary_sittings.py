"""what each sitting after the first left before the next was convened"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0052'
down_revision = '0051'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('opening', sa.Column('later_sittings', core.db.Json(), server_default='[]', nullable=False))


def downgrade() -> None:
    op.drop_column('opening', 'later_sittings')
