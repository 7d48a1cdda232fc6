import { readFileSync } from 'node:fs'
import { createOutput, EXIT_FAILED } from './cli/terminal/output.ts'
import { runProgram, type Actions } from './cli/program.ts'
import { problemsOf } from './app/commands/problems.ts'
import { ConfigError, PROVIDER_NAMES } from './app/config.ts'
import { ServiceError } from './errors.ts'
import type { Version } from './app/context.ts'

const EXIT_USAGE = 2
const EXIT_CONFIG = 78

const version = readVersion()
const output = createOutput(process)

process.exitCode = await run()

/** Returns the exit code. Every failure ends here, as one clear line for each problem. */
async function run(): Promise<number> {
  try {
    return await runProgram({ load: loadActions, version: version.version, providers: PROVIDER_NAMES }, process.argv)
  } catch (error) {
    for (const problem of problemsOf(error)) output.report(problem)
    return exitCodeOf(error)
  }
}

/** Imports the actions only when a command needs them: help and completion work without a database and a server. */
async function loadActions(): Promise<Actions> {
  return (await import('./app/commands/actions.ts')).createActions(version, output)
}

/** An unknown provider is a usage error, but which providers exist depends on the settings, which only the action reads. */
function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigError) return EXIT_CONFIG
  return error instanceof ServiceError && error.code === 'unknown_provider' ? EXIT_USAGE : EXIT_FAILED
}

function readVersion(): Version {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const { name, version: number } = JSON.parse(text) as { name: string; version: string }
  return { name, version: number, node: process.version }
}
