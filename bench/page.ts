import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'

/** The page with what was measured between the markers of its part; the prose around them is people's. */
export function withFigures(page: string, part: string, measured: string): string {
  const [begin, end] = [`<!-- ${part} -->\n`, `<!-- /${part} -->`]
  const [from, to] = [page.indexOf(begin) + begin.length, page.indexOf(end)]
  if (!page.includes(begin) || to < from) throw new Error(`the page has no place for ${part}`)
  return `${page.slice(0, from)}${measured}\n${page.slice(to)}`
}

/** Without it the figures say little; the ratios say more. */
export function describeMachine(): string {
  const { model } = cpus()[0] ?? { model: 'unknown processor' }
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const day = new Date().toISOString().slice(0, 10)
  return `${day}, commit ${commit}: ${cpus().length} × ${model}, ${memory}, ${process.platform} ${release()}, Node ${process.versions.node}.`
}
