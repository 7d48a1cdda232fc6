import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compareAnswers } from './against/answers.ts'
import { compareWith, COMPARISONS } from './against/compare.ts'
import { describeMachine, withFigures } from './report.ts'
import { SCENARIOS } from './scenarios.ts'
import { exitOnSignals } from './processes.ts'
import { FULL, QUICK } from './interleave.ts'
import { tableOf } from './table.ts'

const PAGE = fileURLToPath(new URL('../docs/performance.md', import.meta.url))

const HELP = `Usage: npm run bench [-- [options] [scenario...]]

Measures the scenarios, by default all of them, and writes the figures into docs/performance.md.

Options:
  --against COMMIT  Compare this version with another one instead, in interleaved rounds; nothing is written.
                    Scenarios: ${Object.keys(COMPARISONS).join(', ')} (by default all of them); answers sends
                    20,000 generated requests to both and lists the responses that differ
  --seed NUMBER     The seed of the requests of answers; it is printed
  --quick           Only check that the scenarios work; the figures mean nothing and are not written
  -h, --help        Show help

Scenarios:
${Object.entries(SCENARIOS)
  .map(([name, { about }]) => `  ${name.padEnd(10)}  ${about}`)
  .join('\n')}
`

const { values, positionals } = parseArgs({
  options: {
    against: { type: 'string' },
    seed: { type: 'string' },
    quick: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
  allowPositionals: true,
})
if (values.help) process.stdout.write(HELP)
else if (values.against !== undefined) await compare(values.against, positionals)
else await measure(positionals.length > 0 ? positionals : Object.keys(SCENARIOS))

async function compare(commit: string, names: readonly string[]): Promise<void> {
  exitOnSignals()
  if (names.includes('answers')) await compareAnswers(commit, { quick: values.quick ?? false, seed: values.seed })
  const measuredNames = names.length > 0 ? names.filter((name) => name !== 'answers') : Object.keys(COMPARISONS)
  if (measuredNames.length > 0) await compareWith(commit, measuredNames, values.quick ? QUICK : FULL)
}

async function measure(names: readonly string[]): Promise<void> {
  const scenarios = names.map((name) => [name, scenarioOf(name)] as const)
  exitOnSignals()
  for (const [name, scenario] of scenarios) {
    const since = performance.now()
    const table = tableOf(await scenario.measure(values.quick ? QUICK : FULL))
    console.log(`\n${name} (${Math.round((performance.now() - since) / 1_000)} s)\n\n${table}`)
    if (!values.quick) {
      writeFileSync(PAGE, withFigures(readFileSync(PAGE, 'utf8'), name, `${table}\n\n${describeMachine()}`))
    }
  }
}

function scenarioOf(name: string) {
  const scenario = SCENARIOS[name]
  if (scenario === undefined) throw new Error(`No scenario ${name}. Scenarios: ${Object.keys(SCENARIOS).join(', ')}`)
  return scenario
}
