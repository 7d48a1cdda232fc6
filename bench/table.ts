/** A measurement: our figure and, if a peer does the same work, the peer's. */
export type Figure = {
  readonly what: string
  readonly unit: string
  readonly ours: number
  readonly peer?: Peer
}

export type Peer = {
  readonly name: string
  readonly theirs: number
  /** The target for the ratio of ours to theirs; without it the ratio is only reported. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number }
}

const HEAD = ['measure', 'unit', 'ours', 'peer', 'peer’s', 'ratio', 'target', ''] as const

/** A Markdown table, aligned so that it is readable in a terminal too. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(cellsOf)]
  const widths = HEAD.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head, ...body] = rows.map(line)
  return [head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n')
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

function targetText(target: Peer['target']): string {
  if (target === undefined) return ''
  return 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`
}

/** Three significant digits; such a measurement is no more precise. */
export function numberText(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 10 })
}
