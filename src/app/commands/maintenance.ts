import { doctorJson, doctorReport, worstOf } from '../../cli/health/doctor.ts'
import { jsonLine } from '../../formats/json/json-line.ts'
import type { Actions } from '../../cli/program.ts'
import { verifyReport } from '../../cli/health/verify.ts'
import { verificationBody } from '../../formats/health/verification.ts'
import { joinDatabase } from '../../postgres/database.ts'
import { createDbRoles } from '../../postgres/schema/grants.ts'
import { migrate } from '../../postgres/schema/migrate.ts'
import { createVerify } from '../../postgres/verify/verify.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { examine } from './doctor/examine.ts'
import { EXIT_FAILED } from '../../cli/terminal/output.ts'
import { openTables } from './open-tables.ts'
import { createProviders, databaseOptions, type CommandContext } from '../context.ts'

/** The commands that migrate, verify and check the database. */
export function createMaintenanceActions({
  output,
  readContext,
}: CommandContext): Pick<Actions, 'migrate' | 'createDbRoles' | 'verify' | 'doctor'> {
  return {
    migrate: async ({ json }) => {
      await using database = await joinDatabase(databaseOptions(readContext()))
      const migrations = await migrate(database.pool)
      await output.write(json ? jsonLine({ migrations }) : describeMigrations(migrations))
      return 0
    },

    createDbRoles: async ({ json }) => {
      await using tables = await openTables(readContext())
      const roles = await createDbRoles(tables.pool)
      await output.write(json ? jsonLine({ roles }) : `Done: ${roles.join(', ')}.\n`)
      return 0
    },

    verify: async ({ json }) => {
      const context = readContext()
      await using tables = await openTables(context)
      const { parserOf } = await createProviders(context)
      const verify = createVerify({ pool: tables.pool, windows: context.config.MA_WINDOWS, parserOf, clock })
      const found = await verify(output.closed)
      await output.write(json ? jsonLine(verificationBody(found)) : verifyReport(found))
      return found.differenceCount === 0 ? 0 : EXIT_FAILED
    },

    doctor: async ({ json }) => {
      const checks = await examine(readContext)
      await output.write(json ? doctorJson(checks) : doctorReport(checks, output))
      return worstOf(checks) === 'fail' ? EXIT_FAILED : 0
    },
  }
}

function describeMigrations(names: readonly string[]): string {
  return names.length === 0 ? 'The tables are up to date.\n' : `Done: ${names.join(', ')}.\n`
}
