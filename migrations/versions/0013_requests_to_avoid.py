"""suppliers' requests that a person stay out of an evaluation"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('avoidance_request',
    sa.Column('section_id', KEY, nullable=False),
    sa.Column('bid_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('person', sa.String(length=100), nullable=False),
    sa.Column('unit', sa.String(length=200), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('asked_at', core.db.Instant(), nullable=False),
    sa.Column('answer', sa.String(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("state = 'asked' OR answer IS NOT NULL", name='answer'),
    sa.ForeignKeyConstraint(['bid_id'], ['bid.id'], ),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('bid_id', 'number')
    )
    op.create_index('ix_avoidance_request_section_id', 'avoidance_request', ['section_id'], unique=False)


def downgrade() -> None:
    op.drop_table('avoidance_request')
