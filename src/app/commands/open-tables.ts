import { joinDatabase, type Database } from '../../postgres/database.ts'
import { assertMigrated, migrate } from '../../postgres/schema/migrate.ts'
import { databaseOptions, type AppContext } from '../context.ts'

/** The database of a command, with the tables of this version. */
export type Tables = Database & {
  /** Whether no service uses it: known for the embedded database, unknown (false) for a server's. */
  readonly isOursAlone: boolean
}

/**
 * Opens the database for a command. If a service is running, its database is shared and no table is changed. Otherwise the
 * command opens the embedded database as `serve` does, so that commands work before the first start.
 * @throws ServiceError `conflict` if the tables do not match this version
 */
export async function openTables(context: AppContext): Promise<Tables> {
  await using opening = new AsyncDisposableStack()
  const database = opening.use(await joinDatabase(databaseOptions(context)))
  const isOursAlone = context.config.DATABASE_URL === undefined && !database.isShared
  await (isOursAlone ? migrate(database.pool) : assertMigrated(database.pool))
  opening.move()
  return { ...database, isOursAlone }
}
