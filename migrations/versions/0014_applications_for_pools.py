"""applications for the expert pools"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('pool_application',
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('person_id', KEY, nullable=False),
    sa.Column('pool_id', KEY, nullable=False),
    sa.Column('unit_id', KEY, nullable=True),
    sa.Column('content', core.db.Json(), nullable=False),
    sa.Column('documents', core.db.Json(), nullable=False),
    sa.Column('applied_at', core.db.Instant(), nullable=False),
    sa.Column('opinion', sa.String(), nullable=True),
    sa.Column('recommended_by', KEY, nullable=True),
    sa.Column('recommended_at', core.db.Instant(), nullable=True),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('reviewed_by', KEY, nullable=True),
    sa.Column('reviewed_at', core.db.Instant(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("state NOT IN ('returned','refused') OR reason IS NOT NULL", name='reason'),
    sa.CheckConstraint("state <> 'recommended' OR recommended_by IS NOT NULL", name='recommendation'),
    sa.CheckConstraint("state NOT IN ('accepted','refused') OR reviewed_by IS NOT NULL", name='review'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['pool_id'], ['expert_pool.id'], ),
    sa.ForeignKeyConstraint(['unit_id'], ['organisation.id'], ),
    sa.ForeignKeyConstraint(['recommended_by'], ['person.id'], ),
    sa.ForeignKeyConstraint(['reviewed_by'], ['person.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_pool_application_person_id', 'pool_application', ['person_id'], unique=False)
    op.create_index('ix_pool_application_unit_id', 'pool_application', ['unit_id'], unique=False)


def downgrade() -> None:
    op.drop_table('pool_application')
