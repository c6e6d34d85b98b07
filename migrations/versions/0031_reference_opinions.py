"""reference opinions and what members say to them"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('reference_opinion',
    sa.Column('bid_id', KEY, nullable=False),
    sa.Column('content', core.db.Json(), nullable=False),
    sa.Column('program_sha256', sa.String(length=64), nullable=False),
    sa.Column('made_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['bid_id'], ['bid.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('bid_id')
    )
    op.create_table('opinion_answer',
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('bid_id', KEY, nullable=False),
    sa.Column('clause', sa.String(length=40), nullable=False),
    sa.Column('agrees', sa.Boolean(), nullable=False),
    sa.Column('answered_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['bid_id'], ['bid.id'], ),
    sa.ForeignKeyConstraint(['member_id'], ['committee_member.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('member_id', 'bid_id', 'clause')
    )
    op.create_index('ix_opinion_answer_member_id', 'opinion_answer', ['member_id'], unique=False)


def downgrade() -> None:
    op.drop_table('opinion_answer')
    op.drop_table('reference_opinion')
