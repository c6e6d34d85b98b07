"""renewed timestamps of closed files"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0040'
down_revision = '0039'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    with op.batch_alter_table('archive') as batch_op:
        batch_op.add_column(sa.Column('renew_at', core.db.Instant(), nullable=True))
    op.create_table('renewal',
    sa.Column('archive_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('layers', sa.BigInteger(), nullable=False),
    sa.Column('authority', sa.String(length=120), nullable=False),
    sa.Column('token', sa.String(), nullable=False),
    sa.Column('stamped_at', core.db.Instant(), nullable=False),
    sa.Column('kept_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['archive_id'], ['archive.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('archive_id', 'number')
    )


def downgrade() -> None:
    op.drop_table('renewal')
    with op.batch_alter_table('archive') as batch_op:
        batch_op.drop_column('renew_at')
