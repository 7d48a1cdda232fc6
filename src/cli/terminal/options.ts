import type { Command } from 'commander'

/** Loads the actions and runs one; its exit code becomes that of the program. */
export type Act<Actions> = (work: (actions: Actions) => Promise<number>) => Promise<void>

export type JsonOption = { readonly json?: boolean | undefined }

export const JSON_OPTION = ['--json', 'Print JSON'] as const

/** Of the commands that serve: they print one line once they accept requests. */
export const READY_JSON_OPTION = ['--json', 'Print one line of JSON when the service is ready'] as const

/** The option that selects a provider, with the names that the service knows. */
export function providerOption(names: readonly string[]): readonly [flags: string, description: string] {
  return ['-p, --provider <name>', `Provider: ${names.join(', ')} (default: $DEFAULT_PROVIDER)`]
}

export function addExamples(command: Command, ...lines: readonly string[]): void {
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`)
}
