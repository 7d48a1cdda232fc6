import type { Cpu, Spender } from './cpu.ts'

/** A measurement: our figure and, if a peer does the same work, the peer's. */
export type Figure = {
  readonly what: string
  readonly unit: string
  readonly ours: number
  /** CPU time of one of our operations, where it is measured. */
  readonly cpu?: Cpu
  readonly peer?: Peer
}

export type Peer = {
  readonly name: string
  readonly theirs: number
  readonly cpu?: Cpu
  /** The target for the ratio of ours to theirs; without it the ratio is only reported. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number }
}

const HEAD = ['measure', 'unit', 'ours', 'peer', 'peer’s', 'ratio', 'target', ''] as const

const CPU_HEAD = [
  'CPU µs for each',
  'program',
  'PostgreSQL',
  'client',
  'peer',
  'program',
  'PostgreSQL',
  'client',
  'peer / ours',
] as const

/** The figures as Markdown tables that are readable in a terminal too: the rates, and then the CPU time where it is measured. */
export function tableOf(figures: readonly Figure[]): string {
  const withCpu = figures.filter(({ cpu }) => cpu !== undefined)
  const rates = markdownTable(HEAD, figures.map(cellsOf))
  return withCpu.length === 0 ? rates : `${rates}\n\n${markdownTable(CPU_HEAD, withCpu.map(cpuCellsOf))}`
}

/** A Markdown table whose columns are aligned. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** Whether a figure reaches its target; undefined if it has none. */
export function isReached({ ours, peer }: Figure): boolean | undefined {
  if (peer?.target === undefined) return undefined
  const ratio = ours / peer.theirs
  return 'atLeast' in peer.target ? ratio >= peer.target.atLeast : ratio <= peer.target.atMost
}

function cellsOf(figure: Figure): string[] {
  const { what, unit, ours, peer } = figure
  if (peer === undefined) return [what, unit, numberText(ours), '', '', '', '', '']
  const { name, theirs, target } = peer
  const result = { true: 'reached', false: 'missed', undefined: '' }[`${isReached(figure)}`]
  return [what, unit, numberText(ours), name, numberText(theirs), numberText(ours / theirs), targetText(target), result]
}

/** Without the load generator, which is not what is compared. */
export function cpuOfWork({ program = 0, postgres = 0 }: Cpu): number {
  return program + postgres
}

function cpuCellsOf({ what, cpu = {}, peer }: Figure): string[] {
  const cells = [what, ...spentTexts(cpu)]
  if (peer?.cpu === undefined) return [...cells, '', '', '', '', '']
  return [...cells, peer.name, ...spentTexts(peer.cpu), numberText(cpuOfWork(peer.cpu) / cpuOfWork(cpu))]
}

const SPENDERS: readonly Spender[] = ['program', 'postgres', 'client']

function spentTexts(cpu: Cpu): string[] {
  return SPENDERS.map((spender) => (cpu[spender] === undefined ? '' : numberText(cpu[spender])))
}

function targetText(target: Peer['target']): string {
  if (target === undefined) return ''
  return 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`
}

/** Three significant digits; such a measurement is no more precise. */
export function numberText(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 10 })
}
