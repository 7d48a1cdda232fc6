import type { Command } from 'commander'

/** Loads the actions, runs one, and leaves its exit code with the process. */
export type Act<Actions> = (work: (actions: Actions) => Promise<number>) => Promise<void>

export type JsonOption = { readonly json?: boolean | undefined }

export const JSON_OPTION = ['--json', 'print JSON; prices keep every digit'] as const

export const PROVIDER_OPTION = [
  '-p, --provider <name>',
  'yfinance, simulated or replay; else the one of DEFAULT_PROVIDER',
] as const

export function addExamples(command: Command, ...lines: readonly string[]): void {
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`)
}
