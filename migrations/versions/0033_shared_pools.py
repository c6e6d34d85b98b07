"""partner platforms, what they are asked, our people on loan, their people on our committees"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def staged():
    return (
        sa.Column('state', sa.String(length=40), nullable=False),
        sa.Column('state_at', core.db.Instant(), nullable=False),
        sa.Column('epoch', sa.BigInteger(), nullable=False),
    )


def upgrade() -> None:
    op.create_table('partner',
    sa.Column('code', sa.String(length=12), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('url', sa.String(length=300), nullable=False),
    sa.Column('key', sa.String(length=300), nullable=False),
    sa.Column('pools', core.db.Json(), nullable=False),
    sa.Column('pools_at', core.db.Instant(), nullable=True),
    sa.Column('lends', core.db.Json(), nullable=False),
    sa.Column('added_at', core.db.Instant(), nullable=False),
    sa.Column('added_by', sa.String(length=120), nullable=False),
    sa.Column('withdrawn_at', core.db.Instant(), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('code')
    )
    op.create_table('consultation',
    sa.Column('committee_id', KEY, nullable=False),
    sa.Column('partner_id', KEY, nullable=False),
    sa.Column('label', sa.String(length=160), nullable=False),
    sa.Column('request', core.db.Json(), nullable=False),
    sa.Column('request_sha256', sa.String(length=64), nullable=False),
    sa.Column('answer', core.db.Json(), nullable=True),
    sa.Column('answer_sha256', sa.String(length=64), nullable=True),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('failures', sa.BigInteger(), nullable=False),
    sa.Column('last_error', sa.String(length=200), nullable=True),
    sa.Column('told', core.db.Json(), nullable=False),
    sa.Column('due_at', core.db.Instant(), nullable=True),
    *staged(),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("state <> 'answered' OR answer IS NOT NULL", name='answer'),
    sa.CheckConstraint("state <> 'forgone' OR reason IS NOT NULL", name='reason'),
    sa.ForeignKeyConstraint(['committee_id'], ['committee.id'], ),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('label', 'partner_id')
    )
    op.create_index('ix_consultation_committee_id', 'consultation', ['committee_id'], unique=False)
    op.create_table('enquiry',
    sa.Column('partner_id', KEY, nullable=False),
    sa.Column('request_id', sa.String(length=32), nullable=False),
    sa.Column('request_sha256', sa.String(length=64), nullable=False),
    sa.Column('section', sa.String(length=100), nullable=False),
    sa.Column('label', sa.String(length=160), nullable=False),
    sa.Column('question', core.db.Json(), nullable=False),
    sa.Column('answer', core.db.Json(), nullable=False),
    sa.Column('secret', core.db.Json(), nullable=False),
    sa.Column('answered_at', core.db.Instant(), nullable=False),
    sa.Column('told_at', core.db.Instant(), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('partner_id', 'request_id')
    )
    op.create_index('ix_enquiry_section', 'enquiry', ['section'], unique=False)
    op.create_index('ix_enquiry_label', 'enquiry', ['label'], unique=False)
    op.create_table('loan',
    sa.Column('partner_id', KEY, nullable=False),
    sa.Column('section', sa.String(length=100), nullable=False),
    sa.Column('label', sa.String(length=160), nullable=False),
    sa.Column('candidate', sa.String(length=16), nullable=False),
    sa.Column('expert_id', KEY, nullable=True),
    sa.Column('sealed', sa.String(), nullable=True),
    sa.Column('speciality', sa.String(length=60), nullable=False),
    sa.Column('meets_at', core.db.Instant(), nullable=False),
    sa.Column('hours', sa.BigInteger(), nullable=False),
    sa.Column('place', sa.String(length=400), nullable=False),
    sa.Column('invited_at', core.db.Instant(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    *staged(),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint('expert_id IS NOT NULL OR sealed IS NOT NULL', name='holder'),
    sa.ForeignKeyConstraint(['expert_id'], ['expert.id'], ),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('partner_id', 'label', 'candidate')
    )
    op.create_index('ix_loan_section', 'loan', ['section'], unique=False)
    op.create_index('ix_loan_expert_id', 'loan', ['expert_id'], unique=False)
    with op.batch_alter_table('committee_member') as batch_op:
        batch_op.add_column(sa.Column('partner_id', KEY, nullable=True))
        batch_op.add_column(sa.Column('guest', core.db.Json(), nullable=True))
        batch_op.create_foreign_key('fk_committee_member_partner', 'partner', ['partner_id'], ['id'])
        batch_op.drop_constraint('holder', type_='check')
        batch_op.create_check_constraint(
            'holder', 'person_id IS NOT NULL OR sealed IS NOT NULL OR partner_id IS NOT NULL'
        )


def downgrade() -> None:
    with op.batch_alter_table('committee_member') as batch_op:
        batch_op.drop_constraint('holder', type_='check')
        batch_op.create_check_constraint('holder', 'person_id IS NOT NULL OR sealed IS NOT NULL')
        batch_op.drop_constraint('fk_committee_member_partner', type_='foreignkey')
        batch_op.drop_column('guest')
        batch_op.drop_column('partner_id')
    for table in ('loan', 'enquiry', 'consultation', 'partner'):
        op.drop_table(table)
