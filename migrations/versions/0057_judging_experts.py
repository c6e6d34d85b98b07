"""judging experts: sanctions, each project's assessments, yearly reviews"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0057'
down_revision = '0056'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('expert_review',
    sa.Column('expert_id', KEY, nullable=False),
    sa.Column('year', sa.BigInteger(), nullable=False),
    sa.Column('figures', core.db.Json(), nullable=False),
    sa.Column('grade', sa.String(length=10), nullable=False),
    sa.Column('remark', sa.Text(), nullable=True),
    sa.Column('reviewed_by', KEY, nullable=False),
    sa.Column('reviewed_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['expert_id'], ['expert.id'], ),
    sa.ForeignKeyConstraint(['reviewed_by'], ['person.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('expert_id', 'year', name='reviewed_once')
    )
    op.create_table('expert_sanction',
    sa.Column('expert_id', KEY, nullable=False),
    sa.Column('measure', sa.String(length=20), nullable=False),
    sa.Column('cause', sa.String(length=20), nullable=False),
    sa.Column('months', sa.BigInteger(), nullable=True),
    sa.Column('section_code', sa.String(length=60), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('documents', sa.Text(), nullable=False),
    sa.Column('proposed_by', KEY, nullable=False),
    sa.Column('proposed_at', core.db.Instant(), nullable=False),
    sa.Column('hear_until', core.db.Instant(), nullable=False),
    sa.Column('statement', sa.Text(), nullable=True),
    sa.Column('stated_at', core.db.Instant(), nullable=True),
    sa.Column('decided_by', KEY, nullable=True),
    sa.Column('decided_at', core.db.Instant(), nullable=True),
    sa.Column('opinion', sa.Text(), nullable=True),
    sa.Column('from_on', sa.String(length=10), nullable=True),
    sa.Column('stood_in', sa.String(length=20), nullable=True),
    sa.Column('until_on', sa.String(length=10), nullable=True),
    sa.Column('lift_asked_by', KEY, nullable=True),
    sa.Column('lift_asked_at', core.db.Instant(), nullable=True),
    sa.Column('lift_reason', sa.Text(), nullable=True),
    sa.Column('lifted_by', KEY, nullable=True),
    sa.Column('lift_opinion', sa.Text(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("measure IN ('warning','suspension','removal')", name='measure'),
    sa.CheckConstraint("state <> 'heard' OR stated_at IS NOT NULL", name='heard'),
    sa.CheckConstraint("state <> 'lifted' OR lifted_by IS NOT NULL", name='lifted'),
    sa.CheckConstraint("state NOT IN ('in_force','lift_asked','lifted','expired') OR (decided_by IS NOT NULL AND from_on IS NOT NULL)", name='decided'),
    sa.CheckConstraint('decided_by IS NULL OR decided_by <> proposed_by', name='two_persons'),
    sa.CheckConstraint('lifted_by IS NULL OR lifted_by <> lift_asked_by', name='two_persons_lift'),
    sa.ForeignKeyConstraint(['decided_by'], ['person.id'], ),
    sa.ForeignKeyConstraint(['expert_id'], ['expert.id'], ),
    sa.ForeignKeyConstraint(['lift_asked_by'], ['person.id'], ),
    sa.ForeignKeyConstraint(['lifted_by'], ['person.id'], ),
    sa.ForeignKeyConstraint(['proposed_by'], ['person.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_expert_sanction_expert_id', 'expert_sanction', ['expert_id'])
    op.create_index('ix_expert_sanction_state', 'expert_sanction', ['state'])
    op.create_index('ix_expert_sanction_until_on', 'expert_sanction', ['until_on'])

    op.create_table('expert_assessment',
    sa.Column('committee_id', KEY, nullable=False),
    sa.Column('member_id', KEY, nullable=False),
    sa.Column('unit_id', KEY, nullable=False),
    sa.Column('grades', core.db.Json(), nullable=False),
    sa.Column('remark', sa.Text(), nullable=True),
    sa.Column('assessed_by', KEY, nullable=False),
    sa.Column('assessed_at', core.db.Instant(), nullable=False),
    sa.Column('reply', sa.Text(), nullable=True),
    sa.Column('replied_at', core.db.Instant(), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['assessed_by'], ['person.id'], ),
    sa.ForeignKeyConstraint(['committee_id'], ['committee.id'], ),
    sa.ForeignKeyConstraint(['member_id'], ['committee_member.id'], ),
    sa.ForeignKeyConstraint(['unit_id'], ['organisation.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('member_id', 'unit_id', name='assessed_once')
    )
    op.create_index('ix_expert_assessment_committee_id', 'expert_assessment', ['committee_id'])



def downgrade() -> None:
    op.drop_index('ix_expert_assessment_committee_id', 'expert_assessment')

    op.drop_table('expert_assessment')
    op.drop_index('ix_expert_sanction_until_on', 'expert_sanction')
    op.drop_index('ix_expert_sanction_state', 'expert_sanction')
    op.drop_index('ix_expert_sanction_expert_id', 'expert_sanction')

    op.drop_table('expert_sanction')
    op.drop_table('expert_review')
