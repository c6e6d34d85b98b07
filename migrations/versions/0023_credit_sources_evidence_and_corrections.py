"""sources and signatures of credit lists, staged imports, follow-ups of checks, corrections"""

import hashlib

from alembic import op
import sqlalchemy as sa
import core.db


revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def digest64(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), 'big', signed=True)


def fill_digests() -> None:
    table = sa.table('credit_record', *[sa.column(name) for name in (
        'id', 'identifier', 'name', 'document_number', 'reason', 'listed_on', 'ban_until', 'key', 'content')])
    bind = op.get_bind()
    for row in bind.execute(sa.select(table)).all():
        key = '\x1f'.join((row.identifier, row.name, row.document_number))
        cells = (*row[1:7], '', None, '', '')
        content = '\x1f'.join('' if cell is None else str(cell) for cell in cells)
        bind.execute(table.update().where(table.c.id == row.id).values(key=digest64(key), content=digest64(content)))


def upgrade() -> None:
    op.create_table('credit_source',
    sa.Column('source', sa.String(length=60), nullable=False),
    sa.Column('url', sa.String(length=400), nullable=False),
    sa.Column('key_kind', sa.String(length=10), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('region', sa.String(length=12), nullable=False),
    sa.Column('per_minute', sa.BigInteger(), nullable=False),
    sa.Column('is_asked', sa.Boolean(), nullable=False),
    sa.Column('failures', sa.BigInteger(), nullable=False),
    sa.Column('rests_until', core.db.Instant(), nullable=True),
    sa.Column('set_by', sa.String(length=120), nullable=False),
    sa.Column('set_at', core.db.Instant(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('source')
    )
    op.create_table('credit_bad_row',
    sa.Column('import_id', KEY, nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['credit_import.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_credit_bad_row_import_id', 'credit_bad_row', ['import_id'], unique=False)
    old = sa.table('credit_import', sa.column('id'), sa.column('bad_rows', core.db.Json()))
    new = sa.table('credit_bad_row', *[sa.column(name) for name in ('import_id', 'line', 'reason', 'text')])
    bad = [(row.id, item) for row in op.get_bind().execute(sa.select(old)).all() for item in row.bad_rows or []]
    if bad:
        op.bulk_insert(new, [{'import_id': number, **item} for number, item in bad])
    with op.batch_alter_table('credit_import') as batch_op:
        batch_op.add_column(sa.Column('finished_at', core.db.Instant(), nullable=True))
        batch_op.add_column(sa.Column('failed', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('confirmed', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('signed_by', sa.String(length=120), nullable=False, server_default=''))
        for name in ('size', 'rows_done', 'bytes_done', 'changed', 'repaired', 'bad'):
            batch_op.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default='0'))
    op.execute('UPDATE credit_import SET finished_at = imported_at')
    op.execute('UPDATE credit_import SET bad = (SELECT count(*) FROM credit_bad_row WHERE import_id = credit_import.id)')
    with op.batch_alter_table('credit_import') as batch_op:
        batch_op.drop_column('bad_rows')
        batch_op.create_check_constraint('outcome', 'finished_at IS NULL OR failed IS NULL')
        batch_op.create_check_constraint('version', 'finished_at IS NULL OR version > 0')
    with op.batch_alter_table('credit_record') as batch_op:
        batch_op.add_column(sa.Column('measures', sa.String(length=400), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('fine_fen', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('sector', sa.String(length=60), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('grade', sa.String(length=10), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('key', sa.BigInteger(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('content', sa.BigInteger(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('gone_how', sa.String(length=10), nullable=True))
    op.execute("UPDATE credit_record SET gone_how = 'removed' WHERE gone_import_id IS NOT NULL")
    fill_digests()
    with op.batch_alter_table('credit_record') as batch_op:
        batch_op.create_check_constraint('gone', '(gone_import_id IS NULL) = (gone_how IS NULL)')
        batch_op.create_index('ix_credit_record_first_import_id', ['first_import_id'], unique=False)
    with op.batch_alter_table('credit_check') as batch_op:
        batch_op.add_column(sa.Column('role', sa.String(length=20), nullable=False, server_default='bidder'))
        batch_op.add_column(sa.Column('member_of', sa.String(length=40), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('adapter', sa.String(length=10), nullable=False, server_default='snapshot'))
        batch_op.add_column(sa.Column('region', sa.String(length=12), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('raw_sha256', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('feedback_at', core.db.Instant(), nullable=True))
        batch_op.add_column(sa.Column('follows_id', KEY, nullable=True))
        batch_op.add_column(sa.Column('attempts', sa.BigInteger(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('next_ask_at', core.db.Instant(), nullable=True))
        batch_op.create_foreign_key('credit_check_follows', 'credit_check', ['follows_id'], ['id'])
        batch_op.create_index('credit_check_asked', ['checked_at'], unique=False)
        batch_op.create_index('ix_credit_check_follows_id', ['follows_id'], unique=False)
        batch_op.create_index('ix_credit_check_evidence_sha256', ['evidence_sha256'], unique=False)
        batch_op.create_index('ix_credit_check_next_ask_at', ['next_ask_at'], unique=False)
    op.execute("UPDATE credit_check SET feedback_at = checked_at WHERE outcome NOT IN ('no_list', 'stale_list')")
    op.create_table('credit_correction',
    sa.Column('check_id', KEY, nullable=False),
    sa.Column('identifier', sa.String(length=40), nullable=False),
    sa.Column('wish', sa.String(length=20), nullable=False),
    sa.Column('grounds', sa.String(), nullable=False),
    sa.Column('evidence_name', sa.String(length=200), nullable=False),
    sa.Column('evidence_sha256', sa.String(length=64), nullable=True),
    sa.Column('filed_at', core.db.Instant(), nullable=False),
    sa.Column('filed_by', sa.String(length=120), nullable=False),
    sa.Column('forwarded_to', sa.String(length=200), nullable=True),
    sa.Column('forwarded_at', core.db.Instant(), nullable=True),
    sa.Column('answer', sa.String(), nullable=True),
    sa.Column('answered_at', core.db.Instant(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('state_at', core.db.Instant(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('id', KEY, nullable=False),
    sa.CheckConstraint("state IN ('filed','withdrawn','returned') OR forwarded_to IS NOT NULL", name='forwarded'),
    sa.CheckConstraint("state NOT IN ('upheld','dismissed') OR answer IS NOT NULL", name='answered'),
    sa.ForeignKeyConstraint(['check_id'], ['credit_check.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_credit_correction_check_id', 'credit_correction', ['check_id'], unique=False)
    op.create_index('ix_credit_correction_identifier', 'credit_correction', ['identifier'], unique=False)


def downgrade() -> None:
    raise NotImplementedError('evidence of credit checks is not thrown away')
