import type { Command } from 'commander'
import { addExamples, JSON_OPTION, type Act, type JsonOption } from '../terminal/options.ts'

export type DatabaseActions = {
  migrate(options: JsonOption): Promise<number>
  createDbRoles(options: JsonOption): Promise<number>
}

/** The commands that prepare a database. */
export function addDatabaseCommands(program: Command, act: Act<DatabaseActions>): void {
  const migrate = program
    .command('migrate')
    .description("Update the database's tables to this version; serve does so by itself")
    .option(...JSON_OPTION)
    .action((options: JsonOption) => act((actions) => actions.migrate(options)))
  addExamples(migrate, 'DATABASE_URL=postgres://user@host/prices market-data migrate')
  const roles = program.command('roles').description('Manage the database roles on your own PostgreSQL server')
  const create = roles
    .command('create')
    .description('Create the database roles, each with only the rights it needs; safe to repeat')
    .option(...JSON_OPTION)
    .action((options: JsonOption) => act((actions) => actions.createDbRoles(options)))
  const example = 'DATABASE_URL=postgres://owner@host/prices market-data roles create'
  for (const command of [roles, create]) addExamples(command, example)
}
