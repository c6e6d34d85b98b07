"""award committees: rolls, sittings, ballots, inspections"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('selection_roll',
    sa.Column('section_id', KEY, nullable=False),
    sa.Column('logins', core.db.Json(), nullable=False),
    sa.Column('salt', sa.String(length=64), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('section_id')
    )
    op.create_table('selection',
    sa.Column('publicity_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('candidates', core.db.Json(), nullable=False),
    sa.Column('plan', core.db.Json(), nullable=False),
    sa.Column('draw', core.db.Json(), nullable=True),
    sa.Column('members', core.db.Json(), nullable=False),
    sa.Column('among', core.db.Json(), nullable=False),
    sa.Column('round', sa.BigInteger(), nullable=False),
    sa.Column('rounds', core.db.Json(), nullable=False),
    sa.Column('price', core.db.Json(), nullable=True),
    sa.Column('result', core.db.Json(), nullable=True),
    sa.Column('convened_at', core.db.Instant(), nullable=False),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("state <> 'concluded' OR result IS NOT NULL", name='result'),
    sa.ForeignKeyConstraint(['publicity_id'], ['publicity.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('publicity_id', 'number')
    )
    op.create_index('ix_selection_publicity_id', 'selection', ['publicity_id'], unique=False)
    op.create_table('selection_ballot',
    sa.Column('selection_id', KEY, nullable=False),
    sa.Column('round', sa.BigInteger(), nullable=False),
    sa.Column('seat', sa.String(length=10), nullable=False),
    sa.Column('choice', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('salt', sa.String(length=64), nullable=False),
    sa.Column('cast_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['selection_id'], ['selection.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('selection_id', 'round', 'seat')
    )
    op.create_index('ix_selection_ballot_selection_id', 'selection_ballot', ['selection_id'], unique=False)
    op.create_table('candidate_inspection',
    sa.Column('publicity_id', KEY, nullable=False),
    sa.Column('bid_number', sa.BigInteger(), nullable=False),
    sa.Column('place', sa.String(length=200), nullable=False),
    sa.Column('people', sa.String(length=200), nullable=False),
    sa.Column('findings', sa.String(), nullable=False),
    sa.Column('files', core.db.Json(), nullable=False),
    sa.Column('at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['publicity_id'], ['publicity.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_candidate_inspection_publicity_id', 'candidate_inspection', ['publicity_id'], unique=False)


def downgrade() -> None:
    op.drop_table('candidate_inspection')
    op.drop_table('selection_ballot')
    op.drop_table('selection')
    op.drop_table('selection_roll')
