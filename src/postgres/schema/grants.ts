import type pg from 'pg'
import { ServiceError } from '../../errors.ts'
import { isPermissionDenied } from '../connection/errors.ts'
import { inTransaction } from '../connection/transaction.ts'

type Grants = Readonly<Record<string, readonly string[]>>

const VIEWS = ['latest_prices', 'price_history', 'average_history']

/** What every process reads, for its work, its health and its metrics. */
const EVERYBODY_READS = [
  'series',
  'series_state',
  'prices',
  'moving_averages',
  'raw_responses',
  'raw_bodies',
  'log_epoch',
  'log_positions',
  'leases',
  'polling_jobs',
  'polling_runs',
  'dead_letters',
  // Whoever answers HTTP, and every process does, must know who may ask: hashes, of no use to get in.
  'api_keys',
  'api_sessions',
  'imports',
  'kysely_migration',
]

/** Who leads, says so; who stands by, takes over. Whoever starts first notices a restored dump, and raises the log's epoch. */
const LEADS = { leases: ['insert', 'update'], log_epoch: ['update (epoch)'] }
const KEEPS_PLACES = { log_positions: ['insert', 'update'] }

/** Writes of each role, by table. Whatever is not named here is refused, for tables to come too. */
const WRITES: Readonly<Record<string, Grants>> = {
  // Roles api and poller.
  mds_ingest: {
    ...LEADS,
    series: ['insert', 'update (symbol)'],
    series_state: ['insert', 'update'],
    raw_bodies: ['insert', 'update (sha256)'],
    raw_responses: ['insert'],
    prices: ['insert'],
    polling_jobs: ['insert', 'update', 'delete'],
    polling_runs: ['insert', 'delete'],
    // Never `delete`: that there was a key keeps the service closed.
    api_keys: ['insert', 'update (revoked_at)'],
    api_sessions: ['insert', 'delete'],
    imports: ['insert', 'update', 'delete'],
  },
  mds_relay: { ...LEADS, ...KEEPS_PLACES },
  // Role consumer: averages, and with them what is older than it is to be kept.
  mds_consumer: {
    ...LEADS,
    ...KEEPS_PLACES,
    moving_averages: ['insert', 'update', 'delete'],
    prices: ['delete'],
    raw_responses: ['delete'],
    raw_bodies: ['delete'],
    polling_runs: ['delete'],
    dead_letters: ['insert', 'update'],
  },
}

/** Roles without a login; a user is made a member of those whose work it does. */
export const DB_ROLES = ['mds_ingest', 'mds_relay', 'mds_consumer', 'mds_read'] as const

/**
 * Makes the roles, or sets the rights of those that are there to what they are to be. Whoever calls owns the tables, and
 * remains the only one who changes them. May be repeated.
 * @throws ServiceError `forbidden` where the user may not make roles
 */
export async function createDbRoles(pool: pg.Pool): Promise<readonly string[]> {
  try {
    await inTransaction(pool, async (client) => void (await client.query(statements().join(';\n'))))
  } catch (error) {
    if (!isPermissionDenied(error)) throw error
    const detail = 'This user may not make roles: call as the owner of the tables, with the right CREATEROLE.'
    throw new ServiceError('forbidden', detail, { cause: error })
  }
  return DB_ROLES
}

function statements(): string[] {
  return [
    ...DB_ROLES.map(CREATE_ROLE),
    // Until PostgreSQL 15, and in databases made by it, everybody may make tables in `public`.
    'revoke create on schema public from public',
    ...DB_ROLES.flatMap((role) => [
      `revoke all on all tables in schema public from ${role}`,
      `grant usage on schema public to ${role}`,
      `grant select on ${(role === 'mds_read' ? VIEWS : [...EVERYBODY_READS, ...VIEWS]).join(', ')} to ${role}`,
    ]),
    ...Object.entries(WRITES).flatMap(([role, grants]) =>
      Object.entries(grants).map(([table, verbs]) => `grant ${verbs.join(', ')} on ${table} to ${role}`),
    ),
    SEE_HOLDERS,
  ]
}

/** Who holds back the log shows only to those who may see the sessions of others; whoever may grant that, does. */
const SEE_HOLDERS = `
  do $$ begin
    if pg_has_role('pg_read_all_stats', 'member with admin option') then
      grant pg_read_all_stats to mds_ingest, mds_relay, mds_consumer;
    end if;
  end $$`

/** Roles belong to the whole server: another database of it may have made them. */
const CREATE_ROLE = (role: string) => `
  do $$ begin
    if not exists (select from pg_roles where rolname = '${role}') then create role ${role} nologin; end if;
  end $$`

/** New tables come without rights. Where the roles have been made for this database, they are set for those as well. */
export const RENEW_DB_ROLES = `
  do $renew$ begin
    if exists (
      select from information_schema.role_table_grants
       where table_schema = 'public' and table_name = 'prices' and grantee = 'mds_ingest') then
      ${statements().join(';\n')};
    end if;
  end $renew$`
