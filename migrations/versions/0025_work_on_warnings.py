"""warnings are decided by two persons, bidders hand in material, the budget of false leads is a decision"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    with op.batch_alter_table('warning') as batch_op:
        batch_op.add_column(sa.Column('proposal', core.db.Json(), nullable=True))
        batch_op.add_column(sa.Column('approved_by_id', KEY, nullable=True))
        batch_op.add_column(sa.Column('pressed_at', core.db.Instant(), nullable=True))
        batch_op.create_foreign_key('warning_approved_by_id_fkey', 'person', ['approved_by_id'], ['id'])
        batch_op.create_check_constraint('proposal', "state <> 'proposed' OR proposal IS NOT NULL")
        batch_op.create_check_constraint('two_persons', 'approved_by_id IS NULL OR approved_by_id <> assignee_id')
    op.create_table('warning_material',
    sa.Column('warning_id', KEY, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('organisation_id', KEY, nullable=True),
    sa.Column('bidder', sa.String(length=200), nullable=False),
    sa.Column('question', sa.String(), nullable=False),
    sa.Column('asked_at', core.db.Instant(), nullable=False),
    sa.Column('due_at', core.db.Instant(), nullable=False),
    sa.Column('answer', sa.String(), nullable=True),
    sa.Column('files', core.db.Json(), nullable=False),
    sa.Column('answered_at', core.db.Instant(), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint('answered_at IS NULL OR answer IS NOT NULL', name='answer'),
    sa.ForeignKeyConstraint(['warning_id'], ['warning.id'], ),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('warning_id', 'number')
    )
    op.create_index('ix_warning_material_warning_id', 'warning_material', ['warning_id'], unique=False)
    op.create_index('ix_warning_material_organisation_id', 'warning_material', ['organisation_id'], unique=False)
    op.create_table('lead_budget',
    sa.Column('budget', sa.String(length=20), nullable=False),
    sa.Column('selection', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('decided_at', core.db.Instant(), nullable=False),
    sa.Column('decided_by', sa.String(length=120), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.PrimaryKeyConstraint('id')
    )


def downgrade() -> None:
    op.drop_table('lead_budget')
    op.drop_table('warning_material')
    with op.batch_alter_table('warning') as batch_op:
        batch_op.drop_constraint('two_persons', type_='check')
        batch_op.drop_constraint('proposal', type_='check')
        batch_op.drop_constraint('warning_approved_by_id_fkey', type_='foreignkey')
        batch_op.drop_column('pressed_at')
        batch_op.drop_column('approved_by_id')
        batch_op.drop_column('proposal')
