"""What a scan was before it was made again."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = '0059'
down_revision = '0058'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('scan') as batch_op:
        batch_op.add_column(sa.Column('earlier', core.db.Json(), server_default='[]', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('scan') as batch_op:
        batch_op.drop_column('earlier')
