"""what a scan was made from"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0048'
down_revision = '0047'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('scan') as batch_op:
        batch_op.add_column(sa.Column('material', core.db.Json(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('scan') as batch_op:
        batch_op.drop_column('material')
