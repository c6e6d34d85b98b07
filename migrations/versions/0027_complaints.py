"""complaints to the regulator and the steps of their investigation"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('complaint',
    sa.Column('section_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('organisation_id', KEY, nullable=False),
    sa.Column('content', core.db.Json(), nullable=False),
    sa.Column('files', core.db.Json(), nullable=False),
    sa.Column('defects', core.db.Json(), nullable=False),
    sa.Column('filed_at', core.db.Instant(), nullable=False),
    sa.Column('accept_due_at', core.db.Instant(), nullable=False),
    sa.Column('accepted_at', core.db.Instant(), nullable=True),
    sa.Column('decide_due_at', core.db.Instant(), nullable=True),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('ordered_at', core.db.Instant(), nullable=True),
    sa.Column('ordered_until', core.db.Instant(), nullable=True),
    sa.Column('decision', core.db.Json(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("state NOT IN ('accepted','decided') OR accepted_at IS NOT NULL", name='accepted'),
    sa.CheckConstraint("state <> 'decided' OR decision IS NOT NULL", name='decided'),
    sa.CheckConstraint("ordered_at IS NULL OR state = 'accepted'", name='ordered'),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], ),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('section_id', 'number')
    )
    op.create_index('ix_complaint_organisation_id', 'complaint', ['organisation_id'], unique=False)
    op.create_index('ix_complaint_section_id', 'complaint', ['section_id'], unique=False)
    op.create_table('complaint_step',
    sa.Column('complaint_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('files', core.db.Json(), nullable=False),
    sa.Column('by', sa.String(length=120), nullable=False),
    sa.Column('at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['complaint_id'], ['complaint.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('complaint_id', 'number')
    )
    op.create_index('ix_complaint_step_complaint_id', 'complaint_step', ['complaint_id'], unique=False)


def downgrade() -> None:
    op.drop_table('complaint_step')
    op.drop_table('complaint')
