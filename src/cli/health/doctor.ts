import type { Command } from 'commander'
import { addExamples, JSON_OPTION, type Act, type JsonOption } from '../terminal/options.ts'
import { jsonLine } from '../../formats/json/json-line.ts'
import { alignColumns, linesText, type Output } from '../terminal/output.ts'

export type DoctorActions = { doctor(options: JsonOption): Promise<number> }

export function addDoctorCommand(program: Command, act: Act<DoctorActions>): void {
  const doctor = program
    .command('doctor')
    .description('Check the installation and suggest fixes')
    .option(...JSON_OPTION)
    .action((options: JsonOption) => act((actions) => actions.doctor(options)))
  addExamples(doctor, 'market-data doctor', 'market-data doctor --json | jq \'.checks[] | select(.status != "ok")\'')
}

/** The result of one check of `doctor`. */
export type Check = {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail'
  /** What was found. */
  readonly detail: string
  /** How to fix it. */
  readonly help?: string | undefined
}

const COLORS = { ok: 'green', warn: 'yellow', fail: 'red' } as const

/** A line for each check, and below it the fix if something is wrong. */
export function doctorReport(checks: readonly Check[], { paint }: Pick<Output, 'paint'>): string {
  const lines = alignColumns(checks.map(({ status, name, detail }) => [paint(COLORS[status], status), name, detail]))
  const indent = ' '.repeat(6)
  return linesText(
    lines.flatMap((line, at) => {
      const help = checks[at]?.help
      return help === undefined ? [line] : [line, `${indent}${paint('dim', help)}`]
    }),
  )
}

export function doctorJson(checks: readonly Check[]): string {
  return jsonLine({ status: worstOf(checks), checks })
}

export function worstOf(checks: readonly Check[]): Check['status'] {
  const found = new Set(checks.map(({ status }) => status))
  if (found.has('fail')) return 'fail'
  return found.has('warn') ? 'warn' : 'ok'
}
