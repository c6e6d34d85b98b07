"""host site and guest sites of a committee, and where each seat is"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0038'
down_revision = '0037'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('committee') as batch_op:
        batch_op.add_column(sa.Column('sites', core.db.Json(), nullable=True))
    with op.batch_alter_table('committee_member') as batch_op:
        batch_op.add_column(sa.Column('site', sa.String(length=4), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('committee_member') as batch_op:
        batch_op.drop_column('site')
    with op.batch_alter_table('committee') as batch_op:
        batch_op.drop_column('sites')
