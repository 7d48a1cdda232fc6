import { readFileSync } from 'node:fs'
import { createOutput } from './cli/terminal/output.ts'
import { createProgram, type Actions } from './cli/program.ts'
import { ConfigError } from './app/config.ts'
import { ServiceError } from './errors.ts'
import type { Version } from './app/context.ts'

const EXIT_FAILED = 1
const EXIT_USAGE = 2
const EXIT_CONFIG = 78

const version = readVersion()
const output = createOutput(process)

await run()

/** Every failure ends here: one clear line for people. */
async function run(): Promise<void> {
  try {
    await createProgram(loadActions, version.version).parseAsync()
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    const lines =
      error instanceof ConfigError ? error.problems : [error instanceof Error ? error.message : String(error)]
    for (const line of lines) output.say(line)
  }
}

/** Only when needed: help and completion do without a database and a server. */
async function loadActions(): Promise<Actions> {
  return (await import('./app/commands/actions.ts')).createActions(version, output)
}

/** Which providers there are depends on the settings, so that word can only be judged by the command itself. */
function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigError) return EXIT_CONFIG
  return error instanceof ServiceError && error.code === 'unknown_provider' ? EXIT_USAGE : EXIT_FAILED
}

function readVersion(): Version {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const { name, version: number } = JSON.parse(text) as { name: string; version: string }
  return { name, version: number, node: process.version }
}
