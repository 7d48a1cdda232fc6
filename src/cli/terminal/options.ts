import type { Command } from 'commander'

/** Loads the actions, runs one, and leaves its exit code with the process. */
export type Act<Actions> = (work: (actions: Actions) => Promise<number>) => Promise<void>

export type JsonOption = { readonly json?: boolean | undefined }

export const JSON_OPTION = ['--json', 'print JSON; prices keep every digit'] as const

/** The option that names a provider, with the names that the service knows. */
export function providerOption(names: readonly string[]): readonly [flags: string, description: string] {
  return ['-p, --provider <name>', `${names.join(', ')}; default: DEFAULT_PROVIDER`]
}

export function addExamples(command: Command, ...lines: readonly string[]): void {
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`)
}
