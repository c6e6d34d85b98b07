"""pages of bids that were looked at"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('page_view',
    sa.Column('section_id', KEY, nullable=False),
    sa.Column('person_id', KEY, nullable=False),
    sa.Column('seat', sa.String(length=20), nullable=False),
    sa.Column('document', sa.String(length=80), nullable=False),
    sa.Column('page', sa.BigInteger(), nullable=False),
    sa.Column('times', sa.BigInteger(), nullable=False),
    sa.Column('first_at', core.db.Instant(), nullable=False),
    sa.Column('last_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('section_id', 'person_id', 'document', 'page')
    )


def downgrade() -> None:
    op.drop_table('page_view')
