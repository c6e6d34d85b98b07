"""a regulator's orders to stand still, kept with the section"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0042'
down_revision = '0041'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('section') as batch_op:
        batch_op.add_column(sa.Column('orders', core.db.Json(), server_default='[]', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('section') as batch_op:
        batch_op.drop_column('orders')
