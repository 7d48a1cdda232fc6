/** What was measured: our figure and, where there is one, a peer's that does the same. */
export type Figure = {
  readonly what: string
  readonly unit: string
  readonly ours: number
  readonly peer?: Peer
}

export type Peer = {
  readonly name: string
  readonly theirs: number
  /** Of ours to theirs; without it the ratio is only told. */
  readonly wanted?: { readonly atLeast: number } | { readonly atMost: number }
}

const HEAD = ['measure', 'unit', 'ours', 'peer', 'peer’s', 'ratio', 'wanted', ''] as const

/** A Markdown table, aligned, so that it reads well in a terminal too. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(cellsOf)]
  const widths = HEAD.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head, ...body] = rows.map(line)
  return [head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n')
}

/** Whether a figure is what was wanted of it; undefined where nothing was. */
export function isReached({ ours, peer }: Figure): boolean | undefined {
  if (peer?.wanted === undefined) return undefined
  const ratio = ours / peer.theirs
  return 'atLeast' in peer.wanted ? ratio >= peer.wanted.atLeast : ratio <= peer.wanted.atMost
}

function cellsOf(figure: Figure): string[] {
  const { what, unit, ours, peer } = figure
  if (peer === undefined) return [what, unit, numberText(ours), '', '', '', '', '']
  const { name, theirs, wanted } = peer
  const bound = wanted === undefined ? '' : 'atLeast' in wanted ? `≥ ${wanted.atLeast}` : `≤ ${wanted.atMost}`
  const decision = { true: 'reached', false: 'missed', undefined: '' }[`${isReached(figure)}`]
  return [what, unit, numberText(ours), name, numberText(theirs), numberText(ours / theirs), bound, decision]
}

/** Three digits say all that such a measurement knows. */
export function numberText(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 10 })
}
