/** Database roles without a login; a user becomes a member of those whose work it does. */
export const DB_ROLES = ['mds_ingest', 'mds_relay', 'mds_consumer', 'mds_read'] as const

export type DbRole = (typeof DB_ROLES)[number]

/** A right to write; `update (column)` for that column only. */
export type Right = 'insert' | 'update' | 'delete' | `update (${string})`

/** Everything that is decided about a table outside its migration. What is not granted here is refused. */
export type TableRecord = {
  readonly name: string
  /** Whether copy, dump and restore carry its rows. */
  readonly copied: boolean
  readonly readBy: readonly DbRole[]
  readonly writtenBy: Readonly<Partial<Record<DbRole, readonly Right[]>>>
  /** Old rows are deleted with those of prices, or those of runs; the role that applies retention may delete them. */
  readonly retention?: 'prices' | 'runs'
  /** The column that PostgreSQL numbers; a copy continues after the last number. */
  readonly generatedId?: string
  /** Whether each row has a position in the log: the columns `epoch` and `xid`. */
  readonly hasLogPosition?: boolean
  /** Whether `verify` computes its rows again. */
  readonly verified?: boolean
}

/** The roles of the service. Each reads everything: for its work, its health and its metrics. */
const SERVICE = ['mds_ingest', 'mds_relay', 'mds_consumer'] as const

/** The role whose processes apply retention. */
const RETENTION_ROLE: DbRole = 'mds_consumer'

/**
 * All tables, parents before their children. Migrations create them; copy, dump, restore, grants, retention, `verify` and
 * the check of the epoch derive from these records.
 */
export const TABLES = [
  {
    name: 'series',
    copied: true,
    readBy: SERVICE,
    writtenBy: { mds_ingest: ['insert', 'update (symbol)'] },
    generatedId: 'id',
  },
  { name: 'series_state', copied: true, readBy: SERVICE, writtenBy: { mds_ingest: ['insert', 'update'] } },
  { name: 'symbol_details', copied: true, readBy: SERVICE, writtenBy: { mds_ingest: ['insert', 'update'] } },
  { name: 'symbol_absences', copied: true, readBy: SERVICE, writtenBy: { mds_ingest: ['insert', 'update'] } },
  {
    name: 'raw_bodies',
    copied: true,
    readBy: SERVICE,
    writtenBy: { mds_ingest: ['insert', 'update (sha256)'] },
    retention: 'prices',
  },
  {
    name: 'raw_responses',
    copied: true,
    readBy: SERVICE,
    writtenBy: { mds_ingest: ['insert'] },
    retention: 'prices',
    generatedId: 'id',
  },
  {
    name: 'prices',
    copied: true,
    readBy: SERVICE,
    writtenBy: { mds_ingest: ['insert'] },
    retention: 'prices',
    generatedId: 'id',
    hasLogPosition: true,
    verified: true,
  },
  {
    name: 'moving_averages',
    copied: true,
    readBy: SERVICE,
    writtenBy: { mds_consumer: ['insert', 'update'] },
    retention: 'prices',
    verified: true,
  },
  {
    name: 'log_positions',
    copied: true,
    readBy: SERVICE,
    writtenBy: { mds_relay: ['insert', 'update'], mds_consumer: ['insert', 'update'] },
    hasLogPosition: true,
  },
  { name: 'polling_jobs', copied: true, readBy: SERVICE, writtenBy: { mds_ingest: ['insert', 'update', 'delete'] } },
  {
    name: 'polling_runs',
    copied: true,
    readBy: SERVICE,
    writtenBy: { mds_ingest: ['insert', 'delete'] },
    retention: 'runs',
    generatedId: 'id',
  },
  {
    // Retention empties old rows and never deletes them: a message may be read again.
    name: 'dead_letters',
    copied: true,
    readBy: SERVICE,
    writtenBy: { mds_consumer: ['insert', 'update'] },
    generatedId: 'id',
  },
  {
    // Not copied: they count what this installation sent. Each write deletes what is older than two days.
    name: 'provider_requests',
    copied: false,
    readBy: SERVICE,
    writtenBy: { mds_ingest: ['insert', 'update', 'delete'] },
  },
  { name: 'imports', copied: true, readBy: SERVICE, writtenBy: { mds_ingest: ['insert', 'update', 'delete'] } },
  {
    // Read by every process, because each answers HTTP; the hashes are no use to an intruder. Never deleted: a service that
    // ever had a key requires one.
    name: 'api_keys',
    copied: true,
    readBy: SERVICE,
    writtenBy: { mds_ingest: ['insert', 'update (revoked_at)'] },
    generatedId: 'seq',
  },
  {
    // Not copied: users sign in again.
    name: 'api_sessions',
    copied: false,
    readBy: SERVICE,
    writtenBy: { mds_ingest: ['insert', 'delete'] },
  },
  {
    // Not copied: the next process to start takes the lease.
    name: 'leases',
    copied: false,
    readBy: SERVICE,
    writtenBy: byEach('insert', 'update'),
  },
  {
    // Not copied but increased. Any process may be the first to start on a restored dump, and then increases it.
    name: 'log_epoch',
    copied: false,
    readBy: SERVICE,
    writtenBy: byEach('update (epoch)'),
  },
  // Not copied: running the migrations writes them.
  { name: 'kysely_migration', copied: false, readBy: SERVICE, writtenBy: {} },
  { name: 'kysely_migration_lock', copied: false, readBy: [], writtenBy: {} },
] as const satisfies readonly TableRecord[]

/** The views for users of SQL. Every role reads them, and `mds_read` nothing else. */
export const PUBLIC_VIEWS = ['latest_prices', 'price_history', 'average_history'] as const

type OneTable = (typeof TABLES)[number]

/** A table whose old rows retention deletes. */
export type RetainedTable = Extract<OneTable, { readonly retention: string }>['name']

/** A table that `verify` computes again. */
export type VerifiedTable = Extract<OneTable, { readonly verified: true }>['name']

/** What a role may do with a table beside reading it. */
export function rightsOf(role: DbRole, { writtenBy, retention }: TableRecord): readonly Right[] {
  const rights = writtenBy[role] ?? []
  return retention !== undefined && role === RETENTION_ROLE ? [...rights, 'delete'] : rights
}

function byEach(...rights: readonly Right[]): TableRecord['writtenBy'] {
  return Object.fromEntries(SERVICE.map((role) => [role, rights]))
}
