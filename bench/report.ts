import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'

/** The page with the figures between the markers of a scenario; the text around them is written by hand. */
export function withFigures(page: string, scenario: string, figures: string): string {
  const [begin, end] = [`<!-- ${scenario} -->\n`, `<!-- /${scenario} -->`]
  const [from, to] = [page.indexOf(begin) + begin.length, page.indexOf(end)]
  if (!page.includes(begin) || to < from) throw new Error(`the page has no markers for ${scenario}`)
  return `${page.slice(0, from)}${figures}\n${page.slice(to)}`
}

/** The date, the commit and the machine of the figures. */
export function describeMachine(): string {
  const { model } = cpus()[0] ?? { model: 'unknown processor' }
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const day = new Date().toISOString().slice(0, 10)
  return `${day}, commit ${commit}: ${cpus().length} × ${model}, ${memory}, ${process.platform} ${release()}, Node ${process.versions.node}.`
}
