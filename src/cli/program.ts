import { Command } from 'commander'

/** What the commands do; the program only reads the words. Each resolves with the exit code. */
export type Actions = {
  serve(options: { readonly demo: boolean }): Promise<number>
  migrate(options: { readonly json: boolean }): Promise<number>
  verify(options: { readonly json: boolean }): Promise<number>
  openapi(): Promise<number>
}

const EXIT_CODES = `
Exit codes:
  0   done; verify: nothing is wrong
  1   failed; verify: something is wrong
  2   the command was not understood
  78  the configuration is wrong; every mistake is named
`

/** The commands of `market-data`, their options and their help. Data goes to stdout, messages to stderr. */
export function createProgram(actions: Actions, version: string): Command {
  const program = new Command('market-data')
    .description(
      'Fetches stock prices, keeps every one of them, announces each, averages them exactly and serves it all.',
    )
    .version(version)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .addHelpText('after', EXIT_CODES)

  program
    .command('serve')
    .description('run the service until it is told to stop')
    .option('--demo', 'create polling jobs of simulated prices where there are no jobs at all', false)
    .addHelpText('after', examples('market-data serve --demo', 'PORT=8080 MA_WINDOWS=5,20 market-data serve'))
    .action((options: { demo: boolean }) => run(actions.serve(options)))
  program
    .command('migrate')
    .description("bring the database's tables up to this version")
    .option('--json', 'print what was done as JSON', false)
    .addHelpText('after', examples('DATABASE_URL=postgres://user@host/prices market-data migrate'))
    .action((options: { json: boolean }) => run(actions.migrate(options)))
  program
    .command('verify')
    .description('recompute all prices and averages and print what differs; also beside a running service')
    .option('--json', 'print the report as JSON', false)
    .addHelpText('after', examples('market-data verify', 'market-data verify --json | jq .differences'))
    .action((options: { json: boolean }) => run(actions.verify(options)))
  program
    .command('openapi')
    .description('print the OpenAPI 3.1 document of the HTTP interface')
    .addHelpText('after', examples('market-data openapi > openapi.json'))
    .action(() => run(actions.openapi()))
  return program
}

async function run(code: Promise<number>): Promise<void> {
  process.exitCode = await code
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`
}
