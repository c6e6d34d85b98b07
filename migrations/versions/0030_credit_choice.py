"""whether a project lets good credit ratings earn a bond reduction"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('credit_choice',
    sa.Column('project', sa.String(length=60), nullable=False),
    sa.Column('uses_incentives', sa.Boolean(), nullable=False),
    sa.Column('set_by', sa.String(length=120), nullable=False),
    sa.Column('set_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('project')
    )


def downgrade() -> None:
    op.drop_table('credit_choice')
