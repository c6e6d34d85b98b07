"""bonds, guarantees and their institutions, bank lines, refunds, orders, and the books in double entry"""

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('bond_day',
    sa.Column('on', sa.String(length=10), nullable=False),
    sa.Column('totals', core.db.Json(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('written_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('on')
    )
    op.create_table('bond_institution',
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('certificate', sa.String(), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('added_at', core.db.Instant(), nullable=False),
    sa.Column('withdrawn_at', core.db.Instant(), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('fingerprint'),
    sa.UniqueConstraint('name')
    )
    op.create_table('bond',
    sa.Column('section_id', KEY, nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=True),
    sa.Column('holder', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('organisation_id', KEY, nullable=True),
    sa.Column('form', sa.String(length=20), nullable=False),
    sa.Column('asked_fen', sa.BigInteger(), nullable=False),
    sa.Column('declared', core.db.Json(), nullable=True),
    sa.Column('relief', core.db.Json(), nullable=True),
    sa.Column('guarantee', core.db.Json(), nullable=True),
    sa.Column('institution_id', KEY, nullable=True),
    sa.Column('faults', core.db.Json(), nullable=False),
    sa.Column('basis', sa.String(length=20), nullable=True),
    sa.Column('due_on', sa.String(length=10), nullable=True),
    sa.Column('due_rule', core.db.Json(), nullable=True),
    sa.Column('stood_in', sa.String(length=40), nullable=True),
    sa.Column('dispute', core.db.Json(), nullable=True),
    sa.Column('decision', core.db.Json(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("kind IN ('bid','performance')", name='kind'),
    sa.CheckConstraint("state <> 'disputed' OR stood_in IS NOT NULL", name='stood_in'),
    sa.CheckConstraint("state <> 'forfeited' OR decision IS NOT NULL", name='decision'),
    sa.CheckConstraint("state <> 'waived' OR relief IS NOT NULL", name='relief'),
    sa.CheckConstraint("state NOT IN ('due','returned') OR due_on IS NOT NULL", name='due'),
    sa.ForeignKeyConstraint(['institution_id'], ['bond_institution.id'], ),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], ),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('section_id', 'kind', 'holder', 'number')
    )
    op.create_index('ix_bond_due_on', 'bond', ['due_on'], unique=False)
    op.create_index('ix_bond_holder', 'bond', ['holder'], unique=False)
    op.create_index('ix_bond_section_id', 'bond', ['section_id'], unique=False)
    op.create_table('bond_book',
    sa.Column('section_id', KEY, nullable=False),
    sa.Column('commitments', core.db.Json(), nullable=False),
    sa.Column('released_at', core.db.Instant(), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('section_id')
    )
    op.create_table('bond_statement',
    sa.Column('section_id', KEY, nullable=False),
    sa.Column('bank', sa.String(length=120), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('source', sa.String(length=10), nullable=False),
    sa.Column('is_committed', sa.Boolean(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('bad_rows', core.db.Json(), nullable=False),
    sa.Column('taken_at', core.db.Instant(), nullable=False),
    sa.Column('taken_by', sa.String(length=120), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('digest')
    )
    op.create_index('ix_bond_statement_section_id', 'bond_statement', ['section_id'], unique=False)
    op.create_table('bond_entry',
    sa.Column('section_id', KEY, nullable=False),
    sa.Column('bond_id', KEY, nullable=True),
    sa.Column('move', sa.String(length=140), nullable=False),
    sa.Column('account', sa.String(length=20), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['bond_id'], ['bond.id'], ),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_bond_entry_bond_id', 'bond_entry', ['bond_id'], unique=False)
    op.create_index('ix_bond_entry_move', 'bond_entry', ['move'], unique=False)
    op.create_index('ix_bond_entry_section_id', 'bond_entry', ['section_id'], unique=False)
    op.create_table('bond_payment',
    sa.Column('section_id', KEY, nullable=False),
    sa.Column('bond_id', KEY, nullable=True),
    sa.Column('statement_id', KEY, nullable=True),
    sa.Column('bank', sa.String(length=120), nullable=False),
    sa.Column('reference', sa.String(length=120), nullable=False),
    sa.Column('direction', sa.String(length=3), nullable=False),
    sa.Column('account', sa.String(length=120), nullable=False),
    sa.Column('holder', sa.String(length=120), nullable=False),
    sa.Column('payer', sa.String(length=120), nullable=False),
    sa.Column('payer_account', sa.String(length=120), nullable=False),
    sa.Column('basic', sa.Boolean(), nullable=True),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('paid_at', core.db.Instant(), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("direction IN ('in','out')", name='direction'),
    sa.CheckConstraint('amount_fen > 0', name='amount'),
    sa.ForeignKeyConstraint(['bond_id'], ['bond.id'], ),
    sa.ForeignKeyConstraint(['section_id'], ['section.id'], ),
    sa.ForeignKeyConstraint(['statement_id'], ['bond_statement.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('bank', 'reference')
    )
    op.create_index('ix_bond_payment_bond_id', 'bond_payment', ['bond_id'], unique=False)
    op.create_index('ix_bond_payment_section_id', 'bond_payment', ['section_id'], unique=False)
    op.create_table('bond_refund',
    sa.Column('bond_id', KEY, nullable=False),
    sa.Column('payment_id', KEY, nullable=False),
    sa.Column('principal_fen', sa.BigInteger(), nullable=False),
    sa.Column('interest_fen', sa.BigInteger(), nullable=False),
    sa.Column('fee_fen', sa.BigInteger(), nullable=False),
    sa.Column('to_name', sa.String(length=120), nullable=False),
    sa.Column('to_account', sa.String(length=120), nullable=False),
    sa.Column('pay_on', sa.String(length=10), nullable=False),
    sa.Column('prepared_by_id', KEY, nullable=False),
    sa.Column('prepared_by', sa.String(length=100), nullable=False),
    sa.Column('approved_by_id', KEY, nullable=True),
    sa.Column('approved_by', sa.String(length=100), nullable=True),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('reference', sa.String(length=120), nullable=True),
    sa.Column('paid_at', core.db.Instant(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("state <> 'paid' OR (reference IS NOT NULL AND paid_at IS NOT NULL)", name='paid'),
    sa.CheckConstraint("state IN ('prepared','returned','stopped') OR approved_by_id IS NOT NULL", name='approved'),
    sa.CheckConstraint('approved_by_id IS NULL OR approved_by_id <> prepared_by_id', name='two_persons'),
    sa.CheckConstraint('principal_fen > 0 AND interest_fen >= 0 AND fee_fen >= 0', name='amounts'),
    sa.ForeignKeyConstraint(['approved_by_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['bond_id'], ['bond.id'], ),
    sa.ForeignKeyConstraint(['payment_id'], ['bond_payment.id'], ),
    sa.ForeignKeyConstraint(['prepared_by_id'], ['person.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_bond_refund_bond_id', 'bond_refund', ['bond_id'], unique=False)
    op.create_index('ix_bond_refund_payment_id', 'bond_refund', ['payment_id'], unique=False)
    op.create_table('bond_order',
    sa.Column('code', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('bond_id', KEY, nullable=False),
    sa.Column('refund_id', KEY, nullable=True),
    sa.Column('institution_id', KEY, nullable=False),
    sa.Column('content', core.db.Json(), nullable=False),
    sa.Column('ordered_at', core.db.Instant(), nullable=False),
    sa.Column('due_at', core.db.Instant(), nullable=True),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('done_at', core.db.Instant(), nullable=True),
    sa.Column('answer', core.db.Json(), nullable=True),
    sa.Column('last_error', sa.String(length=80), nullable=True),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("kind IN ('release','claim','pay')", name='kind'),
    sa.ForeignKeyConstraint(['bond_id'], ['bond.id'], ),
    sa.ForeignKeyConstraint(['institution_id'], ['bond_institution.id'], ),
    sa.ForeignKeyConstraint(['refund_id'], ['bond_refund.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('code')
    )
    op.create_index('ix_bond_order_bond_id', 'bond_order', ['bond_id'], unique=False)
    op.add_column('section', sa.Column('bond_relief', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column('section', 'bond_relief')
    op.drop_index('ix_bond_order_bond_id', table_name='bond_order')
    op.drop_table('bond_order')
    op.drop_index('ix_bond_refund_payment_id', table_name='bond_refund')
    op.drop_index('ix_bond_refund_bond_id', table_name='bond_refund')
    op.drop_table('bond_refund')
    op.drop_index('ix_bond_payment_section_id', table_name='bond_payment')
    op.drop_index('ix_bond_payment_bond_id', table_name='bond_payment')
    op.drop_table('bond_payment')
    op.drop_index('ix_bond_entry_section_id', table_name='bond_entry')
    op.drop_index('ix_bond_entry_move', table_name='bond_entry')
    op.drop_index('ix_bond_entry_bond_id', table_name='bond_entry')
    op.drop_table('bond_entry')
    op.drop_index('ix_bond_statement_section_id', table_name='bond_statement')
    op.drop_table('bond_statement')
    op.drop_table('bond_book')
    op.drop_index('ix_bond_section_id', table_name='bond')
    op.drop_index('ix_bond_holder', table_name='bond')
    op.drop_index('ix_bond_due_on', table_name='bond')
    op.drop_table('bond')
    op.drop_table('bond_institution')
    op.drop_table('bond_day')
