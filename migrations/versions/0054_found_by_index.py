"""what is due, waits, or is asked by its code is found by an index"""

from alembic import op
import sqlalchemy as sa


revision = '0054'
down_revision = '0053'
branch_labels = None
depends_on = None

STAGED = (
    'avoidance_request', 'bid', 'bid_clarification', 'bond', 'bond_refund',
    'committee', 'committee_member', 'committee_rollback', 'complaint', 'consultation',
    'contract', 'credit_correction', 'direct_selection', 'document_objection', 'draw',
    'loan', 'masked_sheet', 'objection', 'opening', 'pool_application',
    'publication', 'publicity', 'score_sheet', 'section', 'selection',
    'service_rating', 'submission', 'supplement', 'warning', 'webhook',
)
OTHERS = (
    ('organisation', 'identifier'), ('person', 'organisation_id'), ('certificate', 'revoked_at'), ('bid', 'identifier'),
)
WAITING = sa.text('sent_at IS NULL AND failed_at IS NULL')


def upgrade() -> None:
    for table, column in (*((table, 'state') for table in STAGED), *OTHERS):
        op.create_index(f'ix_{table}_{column}', table, [column])
    op.create_index('ix_message_waiting', 'message', ['id'], sqlite_where=WAITING, postgresql_where=WAITING)


def downgrade() -> None:
    op.drop_index('ix_message_waiting', 'message')
    for table, column in (*((table, 'state') for table in STAGED), *OTHERS):
        op.drop_index(f'ix_{table}_{column}', table)
