"""trades, who took part, how long their stages took, and the sums kept of them"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('stage_sum',
    sa.Column('period', sa.String(length=7), nullable=False),
    sa.Column('market', sa.String(length=20), nullable=False),
    sa.Column('region', sa.String(length=12), nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('times', sa.BigInteger(), nullable=False),
    sa.Column('promised', sa.BigInteger(), nullable=False),
    sa.Column('late', sa.BigInteger(), nullable=False),
    sa.Column('seconds', sa.BigInteger(), nullable=False),
    sa.Column('longest', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('period', 'market', 'region', 'stage')
    )
    op.create_table('trade_import',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('source', sa.String(length=300), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('sums', core.db.Json(), nullable=False),
    sa.Column('imported_at', core.db.Instant(), nullable=False),
    sa.Column('imported_by', sa.String(length=120), nullable=False),
    sa.Column('leaf_index', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('sha256')
    )
    op.create_table('trade_sum',
    sa.Column('period', sa.String(length=7), nullable=False),
    sa.Column('market', sa.String(length=20), nullable=False),
    sa.Column('region', sa.String(length=12), nullable=False),
    sa.Column('trades', sa.BigInteger(), nullable=False),
    sa.Column('sessions', sa.BigInteger(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('ceiling_fen', sa.BigInteger(), nullable=False),
    sa.Column('saving_fen', sa.BigInteger(), nullable=False),
    sa.Column('floor_fen', sa.BigInteger(), nullable=False),
    sa.Column('premium_fen', sa.BigInteger(), nullable=False),
    sa.Column('counted', sa.BigInteger(), nullable=False),
    sa.Column('few', sa.BigInteger(), nullable=False),
    sa.Column('taking_part', sa.BigInteger(), nullable=False),
    sa.Column('parties', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('period', 'market', 'region')
    )
    op.create_table('trade',
    sa.Column('code', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('market', sa.String(length=20), nullable=False),
    sa.Column('region', sa.String(length=12), nullable=False),
    sa.Column('traded_on', sa.String(length=10), nullable=False),
    sa.Column('year', sa.String(length=4), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.Column('sessions', sa.BigInteger(), nullable=False),
    sa.Column('base_kind', sa.String(length=10), nullable=False),
    sa.Column('base_fen', sa.BigInteger(), nullable=True),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('participants', sa.BigInteger(), nullable=False),
    sa.Column('tenderee', sa.String(length=200), nullable=False),
    sa.Column('winner', sa.String(length=200), nullable=False),
    sa.Column('section_id', KEY, nullable=True),
    sa.Column('import_id', KEY, nullable=True),
    sa.Column('line', sa.BigInteger(), nullable=True),
    sa.Column('leaf_index', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("(base_kind = 'none') = (base_fen IS NULL)", name='base'),
    sa.CheckConstraint('(section_id IS NULL) <> (import_id IS NULL)', name='origin'),
    sa.ForeignKeyConstraint(['import_id'], ['trade_import.id'], ),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('code'),
    sa.UniqueConstraint('section_id')
    )
    op.create_index(('ix_trade_import_id'), 'trade', ['import_id'], unique=False)
    op.create_index(('ix_trade_month'), 'trade', ['month'], unique=False)
    op.create_index('trade_by_both', 'trade', ['market', 'region', 'traded_on', 'id'], unique=False)
    op.create_index('trade_by_day', 'trade', ['traded_on', 'id'], unique=False)
    op.create_index('trade_by_market', 'trade', ['market', 'traded_on', 'id'], unique=False)
    op.create_index('trade_by_region', 'trade', ['region', 'traded_on', 'id'], unique=False)
    op.create_table('participation',
    sa.Column('trade_id', KEY, nullable=False),
    sa.Column('identifier', sa.String(length=40), nullable=False),
    sa.Column('market', sa.String(length=20), nullable=False),
    sa.Column('region', sa.String(length=12), nullable=False),
    sa.Column('year', sa.String(length=4), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['trade_id'], ['trade.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(('ix_participation_trade_id'), 'participation', ['trade_id'], unique=False)
    op.create_index('participation_by_month', 'participation', ['month', 'market', 'region', 'identifier'], unique=False)
    op.create_index('participation_of_party', 'participation', ['identifier', 'year'], unique=False)
    op.create_table('trade_stage',
    sa.Column('trade_id', KEY, nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('began_at', core.db.Instant(), nullable=False),
    sa.Column('ended_at', core.db.Instant(), nullable=False),
    sa.Column('due_at', core.db.Instant(), nullable=True),
    sa.Column('promise', core.db.Json(), nullable=True),
    sa.Column('is_late', sa.Boolean(), nullable=False),
    sa.Column('market', sa.String(length=20), nullable=False),
    sa.Column('region', sa.String(length=12), nullable=False),
    sa.Column('year', sa.String(length=4), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint('ended_at >= began_at', name='order'),
    sa.ForeignKeyConstraint(['trade_id'], ['trade.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('trade_stage_late', 'trade_stage', ['stage', 'is_late', 'trade_id'], unique=False)
    op.create_index('trade_stage_one', 'trade_stage', ['trade_id', 'stage'], unique=True)


def downgrade() -> None:
    op.drop_table('trade_stage')
    op.drop_table('participation')
    op.drop_table('trade')
    op.drop_table('trade_sum')
    op.drop_table('trade_import')
    op.drop_table('stage_sum')
