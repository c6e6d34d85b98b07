"""what a registry of enterprises says of companies"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0037'
down_revision = '0036'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('registry_entry',
    sa.Column('identifier', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('content', core.db.Json(), nullable=False),
    sa.Column('as_of', sa.String(length=10), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('imported_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('identifier')
    )


def downgrade() -> None:
    op.drop_table('registry_entry')
