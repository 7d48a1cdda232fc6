import type pg from 'pg'
import { ServiceError } from '../../errors.ts'
import { isPermissionDenied } from '../connection/errors.ts'
import { inTransaction } from '../connection/transaction.ts'
import { DB_ROLES, PUBLIC_VIEWS, rightsOf, TABLES, type DbRole, type TableRecord } from './tables.ts'

/**
 * Creates the database roles, or sets the rights of existing ones to those of today's tables. The caller owns the tables,
 * and remains the only one who may change them. Can be repeated.
 * @throws ServiceError `forbidden` if the user may not create roles
 */
export async function createDbRoles(pool: pg.Pool): Promise<readonly string[]> {
  try {
    await inTransaction(pool, async (client) => void (await client.query(statements().join(';\n'))))
  } catch (error) {
    if (!isPermissionDenied(error)) throw error
    const detail = 'This user may not create roles: run it as the owner of the tables, with the right CREATEROLE.'
    throw new ServiceError('forbidden', detail, { cause: error })
  }
  return DB_ROLES
}

function statements(): string[] {
  return [
    ...DB_ROLES.map(CREATE_ROLE),
    // Up to PostgreSQL 14, and in databases created by it, every user may create tables in `public`.
    'revoke create on schema public from public',
    ...DB_ROLES.flatMap((role) => [
      `revoke all on all tables in schema public from ${role}`,
      `grant usage on schema public to ${role}`,
      `grant select on ${[...tablesReadBy(role), ...PUBLIC_VIEWS].join(', ')} to ${role}`,
    ]),
    ...DB_ROLES.flatMap(writeGrants),
    SEE_SESSIONS,
  ]
}

function tablesReadBy(role: DbRole): string[] {
  return TABLES.filter(({ readBy }: TableRecord) => readBy.includes(role)).map(({ name }) => name)
}

function writeGrants(role: DbRole): string[] {
  return TABLES.flatMap((table) => {
    const rights = rightsOf(role, table)
    return rights.length === 0 ? [] : [`grant ${rights.join(', ')} on ${table.name} to ${role}`]
  })
}

/** To name the session that holds back the log, a role must see the sessions of others; an owner who may grant that does. */
const SEE_SESSIONS = `
  do $$ begin
    if pg_has_role('pg_read_all_stats', 'member with admin option') then
      grant pg_read_all_stats to mds_ingest, mds_relay, mds_consumer;
    end if;
  end $$`

/** Roles belong to the whole server: they may exist because of another database. */
const CREATE_ROLE = (role: string) => `
  do $$ begin
    if not exists (select from pg_roles where rolname = '${role}') then create role ${role} nologin; end if;
  end $$`

/** A new table comes without rights. If the roles are in use in this database, they get their rights on it. */
export const RENEW_DB_ROLES = `
  do $renew$ begin
    if exists (
      select from information_schema.role_table_grants
       where table_schema = 'public' and table_name = 'prices' and grantee = 'mds_ingest') then
      ${statements().join(';\n')};
    end if;
  end $renew$`
