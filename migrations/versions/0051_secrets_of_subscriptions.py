"""secrets of subscriptions are random and lie encrypted; older ones are made from the ledger's key until changed"""

from alembic import op
import sqlalchemy as sa


revision = '0051'
down_revision = '0050'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('webhook') as batch:
        batch.add_column(sa.Column('secret', sa.Text(), nullable=True))
        batch.add_column(sa.Column('former', sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('webhook') as batch:
        batch.drop_column('former')
        batch.drop_column('secret')
