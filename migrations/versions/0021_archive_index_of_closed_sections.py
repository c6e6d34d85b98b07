"""which closed sections the archive index holds"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('learning',
    sa.Column('section_id', KEY, nullable=False),
    sa.Column('learned_at', core.db.Instant(), nullable=False),
    sa.Column('bids', sa.BigInteger(), nullable=False),
    sa.Column('left_out', core.db.Json(), nullable=False),
    sa.Column('unread', core.db.Json(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('section_id')
    )


def downgrade() -> None:
    op.drop_table('learning')
