import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { describeMachine, withFigures } from './report.ts'
import { SCENARIOS } from './scenarios.ts'
import { exitOnSignals } from './processes.ts'
import { FULL, QUICK } from './interleave.ts'
import { tableOf } from './table.ts'

const PAGE = fileURLToPath(new URL('../docs/performance.md', import.meta.url))

const HELP = `Usage: npm run bench [-- [options] [scenario...]]

Measures the scenarios, by default all of them, and writes the figures into docs/performance.md.

Options:
  --quick     Only check that the scenarios work; the figures mean nothing and are not written
  -h, --help  Show help

Scenarios:
${Object.entries(SCENARIOS)
  .map(([name, { about }]) => `  ${name.padEnd(10)}  ${about}`)
  .join('\n')}
`

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
})
if (values.help) process.stdout.write(HELP)
else await measure(positionals.length > 0 ? positionals : Object.keys(SCENARIOS))

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
