import { Argument, Command, Option } from 'commander'
import { completionScript, SHELLS, type Shell } from './terminal/completion.ts'
import { addExamples, JSON_OPTION, type Act, type JsonOption } from './terminal/options.ts'
import { addJobCommands, type JobActions } from './polling/job-commands.ts'
import { addKafkaCommands, type KafkaActions } from './events/kafka-commands.ts'
import { addKeyCommands, type KeyActions } from './access/key-commands.ts'
import { addTransferCommands, type TransferActions } from './transfer/transfer-commands.ts'
import { addPriceCommands, type PriceActions } from './prices/prices.ts'
import { ROLES, type Role } from '../core/cluster/roles.ts'
import { parseRoles } from './terminal/arguments.ts'

/** What the commands do; the program only reads the words. Each resolves with the exit code. */
export type Actions = PriceActions &
  JobActions &
  KeyActions &
  KafkaActions &
  TransferActions & {
    serve(options: ServeOptions): Promise<number>
    migrate(options: JsonOption): Promise<number>
    createDbRoles(options: JsonOption): Promise<number>
    verify(options: JsonOption): Promise<number>
    openapi(): Promise<number>
    doctor(options: JsonOption): Promise<number>
  }

type ServeOptions = JsonOption & { readonly demo?: boolean | undefined; readonly roles: readonly Role[] }

const NOTES = `
Data goes to stdout, messages to stderr. Settings come from the environment and from .env:
see docs/reference/configuration.md.

Exit codes:
  0   done; verify, doctor: nothing is wrong
  1   failed; verify, doctor: something is wrong
  2   the command was not understood
  78  the configuration is wrong; every mistake is named
`

const HELP_COLUMNS = 100

/**
 * The commands of `market-data`, their options and their help.
 * @param load the actions, loaded when a command needs them: help and completion answer at once
 */
export function createProgram(load: () => Promise<Actions>, version: string): Command {
  const act: Act<Actions> = async (work) => {
    process.exitCode = await work(await load())
  }
  const program = new Command('market-data')
    .description(
      'Fetches stock prices, keeps every one of them, announces each, averages them exactly and serves it all.',
    )
    .version(version)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .configureOutput({
      getOutHelpWidth: () => HELP_COLUMNS,
      outputError: (text, write) => write(text.replace(/^error: /, 'market-data: ')),
    })
    .addHelpText('after', NOTES)
  addServe(program, act)
  addPriceCommands(program, act)
  addJobCommands(program, act)
  addKafkaCommands(program, act)
  addKeyCommands(program, act)
  addTransferCommands(program, act)
  addMaintenance(program, act)
  addDbRoles(program, act)
  addCompletion(program)
  return program
}

const ROLES_OPTION = new Option('--roles <list>', 'what this process does, of several on one database')
  .argParser(parseRoles)
  .default(ROLES, `all: ${ROLES.join(',')}`)

function addServe(program: Command, act: Act<Actions>): void {
  const serve = program
    .command('serve')
    .description('run the service until it is told to stop')
    .addOption(ROLES_OPTION)
    .option('--demo', 'create polling jobs of simulated prices where there are no jobs at all')
    .option('--json', 'say as one line of JSON that it is ready')
    .action((options: ServeOptions) => act((actions) => actions.serve(options)))
  addExamples(
    serve,
    'market-data serve --demo',
    'PORT=8080 MA_WINDOWS=5,20 market-data serve',
    'DATABASE_URL=postgres://user@host/prices market-data serve --roles api',
  )
}

function addMaintenance(program: Command, act: Act<Actions>): void {
  const doctor = program
    .command('doctor')
    .description('look whether everything is as it should be, and say what to do where it is not')
    .option(...JSON_OPTION)
    .action((options: JsonOption) => act((actions) => actions.doctor(options)))
  addExamples(doctor, 'market-data doctor', 'market-data doctor --json | jq \'.checks[] | select(.status != "ok")\'')
  const verify = program
    .command('verify')
    .description('recompute all prices and averages and print what differs')
    .option(...JSON_OPTION)
    .action((options: JsonOption) => act((actions) => actions.verify(options)))
  addExamples(verify, 'market-data verify', 'market-data verify --json | jq .differences')
  const migrate = program
    .command('migrate')
    .description("bring the database's tables up to this version; serve does it by itself")
    .option(...JSON_OPTION)
    .action((options: JsonOption) => act((actions) => actions.migrate(options)))
  addExamples(migrate, 'DATABASE_URL=postgres://user@host/prices market-data migrate')
  const openapi = program
    .command('openapi')
    .description('print the OpenAPI 3.1 document of the HTTP interface, as JSON')
    .action(() => act((actions) => actions.openapi()))
  addExamples(openapi, 'market-data openapi > openapi.json')
}

function addDbRoles(program: Command, act: Act<Actions>): void {
  const example = 'DATABASE_URL=postgres://owner@host/prices market-data roles create'
  const roles = program.command('roles').description('who may do what in a PostgreSQL of your own')
  const create = roles
    .command('create')
    .description("make the database's roles, each with the rights that its work needs; may be repeated")
    .option(...JSON_OPTION)
    .action((options: JsonOption) => act((actions) => actions.createDbRoles(options)))
  for (const command of [roles, create]) addExamples(command, example)
}

function addCompletion(program: Command): void {
  const completion = program
    .command('completion')
    .description('print what makes the shell complete these commands')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .action((shell: Shell) => void process.stdout.write(completionScript(program, shell)))
  addExamples(
    completion,
    'source <(market-data completion bash)',
    'market-data completion zsh > "${fpath[1]}/_market-data"',
    'market-data completion fish > ~/.config/fish/completions/market-data.fish',
  )
}
