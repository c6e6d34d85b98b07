"""letters that wait and are given up, and where they reach an expert"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('message') as batch_op:
        batch_op.add_column(sa.Column('due_at', core.db.Instant(), nullable=True))
        batch_op.add_column(sa.Column('failed_at', core.db.Instant(), nullable=True))
    with op.batch_alter_table('expert') as batch_op:
        batch_op.add_column(sa.Column('contact', core.db.Json(), server_default='{}', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('expert') as batch_op:
        batch_op.drop_column('contact')
    with op.batch_alter_table('message') as batch_op:
        batch_op.drop_column('failed_at')
        batch_op.drop_column('due_at')
