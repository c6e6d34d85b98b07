"""whether ratings reduce a bond is the project's one choice: the section's own goes"""

from alembic import op
import sqlalchemy as sa


revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column('section', 'bond_relief')


def downgrade() -> None:
    op.add_column('section', sa.Column('bond_relief', sa.Boolean(), server_default=sa.false(), nullable=False))
