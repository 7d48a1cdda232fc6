import { ConfigError } from '../../config.ts'

/** What an error says, one line for each problem. */
export function problemsOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems
  return [error instanceof Error ? error.message : String(error)]
}
