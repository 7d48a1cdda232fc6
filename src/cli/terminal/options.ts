import type { Command } from 'commander'

/** Loads the actions and runs one; its exit code becomes that of the program. */
export type Act<Actions> = (work: (actions: Actions) => Promise<number>) => Promise<void>

export type JsonOption = { readonly json?: boolean | undefined }

export const JSON_OPTION = ['--json', 'Print JSON; prices keep every digit'] as const

/** Of the commands that serve: they print one line once they accept requests. */
export const READY_JSON_OPTION = ['--json', 'Print one line of JSON when the service is ready'] as const

export const PROVIDER_OPTION = [
  '-p, --provider <name>',
  'Provider, such as yfinance or simulated (default: $DEFAULT_PROVIDER)',
] as const

export function addExamples(command: Command, ...lines: readonly string[]): void {
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`)
}
