"""who refused to sign is barred from the re-run; the award committee's report and its signatures"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0045'
down_revision = '0044'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('project') as batch_op:
        batch_op.add_column(sa.Column('barred', core.db.Json(), server_default='[]', nullable=False))
    with op.batch_alter_table('selection') as batch_op:
        batch_op.add_column(sa.Column('report_sha256', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('signatures', core.db.Json(), server_default='[]', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('selection') as batch_op:
        batch_op.drop_column('signatures')
        batch_op.drop_column('report_sha256')
    with op.batch_alter_table('project') as batch_op:
        batch_op.drop_column('barred')
