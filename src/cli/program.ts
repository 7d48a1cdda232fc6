import { Command, CommanderError } from 'commander'
import { addKeyCommands, type KeyActions } from './access/keys.ts'
import { addDatabaseCommands, type DatabaseActions } from './database/database.ts'
import { addDeadLetterCommands, type DeadLetterActions } from './events/dead-letters.ts'
import { addKafkaCommands, type KafkaActions } from './events/kafka.ts'
import { addDoctorCommand, type DoctorActions } from './health/doctor.ts'
import { addVerifyCommand, type VerifyActions } from './health/verify.ts'
import { addJobCommands, type JobActions } from './polling/jobs.ts'
import { addPriceCommands, type PriceActions } from './prices/prices.ts'
import { addServiceCommands, type ServiceActions } from './service/serve.ts'
import { addCompletionCommand } from './terminal/completion.ts'
import type { Act } from './terminal/options.ts'
import { addTransferCommands, type TransferActions } from './transfer/transfer.ts'

/** What the commands do; the program only parses arguments. Each action resolves with the exit code. */
export type Actions = ServiceActions &
  PriceActions &
  JobActions &
  KeyActions &
  KafkaActions &
  DeadLetterActions &
  TransferActions &
  DatabaseActions &
  DoctorActions &
  VerifyActions

const EXIT_USAGE = 2
const HELP_COLUMNS = 100
const HELP_COMMAND = ['help [command]', 'Show the help of a command'] as const

const NOTES = `
Data goes to stdout, messages to stderr. Settings come from the environment and from .env:
see docs/reference/configuration.md.

Exit codes:
  0   success; verify, doctor: no problem found
  1   failure; verify, doctor: a problem was found
  2   invalid command, option or argument
  78  invalid configuration; every problem is listed
`

/** What the help needs to know about this version. */
type Product = { readonly version: string; readonly providers: readonly string[] }

type Needs = Product & {
  /** Loads the actions; called only when a command needs them, so that help and completion are instant. */
  readonly load: () => Promise<Actions>
}

/**
 * Runs the command that the arguments name.
 * @returns its exit code; 2 for arguments that are not understood, 0 for `--help` and `--version`
 * @throws whatever the command's action throws
 */
export async function runProgram({ load, ...product }: Needs, argv: readonly string[]): Promise<number> {
  let exitCode = 0
  const act: Act<Actions> = async (work) => {
    exitCode = await work(await load())
  }
  try {
    await createProgram(act, product).parseAsync(argv)
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : EXIT_USAGE
  }
}

/** The commands of `market-data`, their options and their help; throws a CommanderError where commander would exit. */
export function createProgram(act: Act<Actions>, { version, providers }: Product): Command {
  const program = new Command('market-data')
    .description('Fetches stock prices, stores and publishes each one, and serves exact moving averages of them.')
    .version(version, '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Show help')
    .helpCommand(...HELP_COMMAND)
    .exitOverride()
    .configureOutput({
      getOutHelpWidth: () => HELP_COLUMNS,
      outputError: (text, write) => write(text.replace(/^error: /, 'market-data: ')),
    })
    .addHelpText('after', NOTES)
  addServiceCommands(program.commandsGroup('Service:'), act)
  addPriceCommands(program.commandsGroup('Prices:'), act, providers)
  addJobCommands(program, act, providers)
  addKeyCommands(program.commandsGroup('Access:'), act)
  addDoctorCommand(program.commandsGroup('Health:'), act)
  addVerifyCommand(program, act)
  addTransferCommands(program.commandsGroup('Database:'), act)
  addDatabaseCommands(program, act)
  addKafkaCommands(program.commandsGroup('Kafka:'), act)
  addDeadLetterCommands(program, act)
  addCompletionCommand(program.commandsGroup('Terminal:').helpCommand(...HELP_COMMAND))
  return program
}
