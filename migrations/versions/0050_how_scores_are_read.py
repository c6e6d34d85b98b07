"""how scores are read as probabilities"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0050'
down_revision = '0049'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('score_reading',
    sa.Column('content', core.db.Json(), nullable=False),
    sa.Column('before_id', KEY, nullable=True),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('decided_at', core.db.Instant(), nullable=False),
    sa.Column('decided_by', sa.String(length=120), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['before_id'], ['score_reading.id'], ),
    sa.PrimaryKeyConstraint('id')
    )


def downgrade() -> None:
    op.drop_table('score_reading')
