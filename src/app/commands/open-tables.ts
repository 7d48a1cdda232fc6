import { joinDatabase, type Database } from '../../postgres/database.ts'
import { assertMigrated, migrate } from '../../postgres/schema/migrate.ts'
import { databaseOptions, type AppContext } from '../context.ts'

/** The database of a command, with tables of this version. */
export type Tables = Database & {
  /** Of the embedded database we know that nobody else works on it; of a server's we cannot tell. */
  readonly isOursAlone: boolean
}

/**
 * Beside a service the command uses the service's database and changes no table. Where none runs it opens the embedded
 * database itself, as `serve` would, so that commands work on a machine where nothing was ever started.
 * @throws ServiceError `conflict` where the tables are not of this version
 */
export async function openTables(context: AppContext): Promise<Tables> {
  await using opening = new AsyncDisposableStack()
  const database = opening.use(await joinDatabase(databaseOptions(context)))
  const isOursAlone = context.config.DATABASE_URL === undefined && !database.isShared
  await (isOursAlone ? migrate(database.pool) : assertMigrated(database.pool))
  opening.move()
  return { ...database, isOursAlone }
}
