import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { describeMachine, withFigures } from './page.ts'
import { SCENARIOS } from './scenarios.ts'
import { exitOnSignals } from './processes.ts'
import { FULL, QUICK } from './rounds.ts'
import { tableOf } from './table.ts'

// npm run bench [-- PART …]: measures all parts, or those that are named, and writes docs/performance.md. With --quick it
// only shows that they work: what is printed then says nothing, and nothing is written.

const PAGE = fileURLToPath(new URL('../docs/performance.md', import.meta.url))

const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true })
const names = positionals.length > 0 ? positionals : Object.keys(SCENARIOS)
const unknown = names.filter((name) => SCENARIOS[name] === undefined)
if (unknown.length > 0) throw new Error(`no part ${unknown.join()}; there are ${Object.keys(SCENARIOS).join(', ')}`)

exitOnSignals()
for (const name of names) {
  const since = performance.now()
  const figures = await SCENARIOS[name]!(values.quick ? QUICK : FULL)
  console.log(`\n${name} (${Math.round((performance.now() - since) / 1_000)} s)\n\n${tableOf(figures)}`)
  if (values.quick) continue
  writeFileSync(PAGE, withFigures(readFileSync(PAGE, 'utf8'), name, `${tableOf(figures)}\n\n${describeMachine()}`))
}
