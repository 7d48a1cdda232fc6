import { Option, type Command } from 'commander'
import { ROLES, type Role } from '../../core/cluster/roles.ts'
import { parseRoles } from '../terminal/arguments.ts'
import { addExamples, READY_JSON_OPTION, type Act, type JsonOption } from '../terminal/options.ts'

export type ServiceActions = {
  serve(options: ServeOptions): Promise<number>
  openapi(): Promise<number>
}

type ServeOptions = JsonOption & { readonly demo?: boolean | undefined; readonly roles: readonly Role[] }

const ROLES_OPTION = new Option('--roles <list>', 'Roles of this process, if several share one database')
  .argParser(parseRoles)
  .default(ROLES, `all: ${ROLES.join(',')}`)

/** The service itself, and the description of its API. */
export function addServiceCommands(program: Command, act: Act<ServiceActions>): void {
  const serve = program
    .command('serve')
    .description('Run the service')
    .addOption(ROLES_OPTION)
    .option('--demo', 'If no polling jobs exist, create some of simulated prices')
    .option(...READY_JSON_OPTION)
    .action((options: ServeOptions) => act((actions) => actions.serve(options)))
  addExamples(
    serve,
    'market-data serve --demo',
    'PORT=8080 MA_WINDOWS=5,20 market-data serve',
    'DATABASE_URL=postgres://user@host/prices market-data serve --roles api',
  )
  const openapi = program
    .command('openapi')
    .description('Print the OpenAPI 3.1 document of the HTTP API as JSON')
    .action(() => act((actions) => actions.openapi()))
  addExamples(openapi, 'market-data openapi > openapi.json')
}
