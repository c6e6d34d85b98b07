"""trades made outside the platform, each with its reason"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('outside_trade',
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('organisation_id', KEY, nullable=False),
    sa.Column('identifier', sa.String(length=40), nullable=False),
    sa.Column('unit', sa.String(length=200), nullable=False),
    sa.Column('project', sa.String(length=60), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('matter', sa.String(length=20), nullable=False),
    sa.Column('traded_on', sa.String(length=10), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('counterpart', sa.String(length=200), nullable=False),
    sa.Column('ground', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('verdict', sa.String(length=10), nullable=False),
    sa.Column('finding', core.db.Json(), nullable=False),
    sa.Column('recorded_at', core.db.Instant(), nullable=False),
    sa.Column('leaf_index', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("verdict IN ('below','excepted','outside')", name='verdict'),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('number')
    )
    op.create_index(('ix_outside_trade_organisation_id'), 'outside_trade', ['organisation_id'], unique=False)
    op.create_index('outside_trade_of_unit', 'outside_trade', ['identifier', 'project', 'matter'], unique=False)


def downgrade() -> None:
    op.drop_table('outside_trade')
