import type { Answer, Asked } from './answer.ts'

/** One way in which the answers to a request differ. */
export type Difference = {
  readonly request: Asked
  /** Of the response now. */
  readonly status: number
  /** `status`, `body`, or `header` with its name. */
  readonly what: string
  readonly before: string
  readonly now: string
}

const SHOWN = 160

/** Every difference; if the statuses differ, only that. */
export function differences(request: Asked, before: Answer, now: Answer): readonly Difference[] {
  if (before.status !== now.status) {
    return [{ request, status: now.status, what: 'status', before: summary(before), now: summary(now) }]
  }
  const names = new Set([...Object.keys(before.headers), ...Object.keys(now.headers)])
  const parts = [...names].map((name) => [`header ${name}`, before.headers[name], now.headers[name]] as const)
  return [...parts, ['body', before.text, now.text] as const]
    .filter(([, one, other]) => one !== other)
    .map(([what, one = 'none', other = 'none']) =>
      Object.assign(excerpts(one, other), { request, status: now.status, what }),
    )
}

function summary({ status, text }: Answer): string {
  return `${status} ${text.replaceAll(/\s+/g, ' ').slice(0, SHOWN)}`
}

/** Shows the texts around the first character that differs. */
function excerpts(before: string, now: string): Pick<Difference, 'before' | 'now'> {
  let at = 0
  while (before[at] === now[at]) at++
  const shown = (text: string) => text.slice(Math.max(0, at - SHOWN / 4), at + SHOWN).replaceAll(/\s+/g, ' ')
  return { before: shown(before), now: shown(now) }
}

/** Differences of one kind are shown once, with their number and one example. */
export function reportOf(wrong: readonly Difference[], allowed: readonly Difference[], count: number): string {
  const groups = [...Map.groupBy(wrong, kindOf)].map(([kind, all]) => groupText(kind, all))
  const requests = new Set(wrong.map(({ request }) => request)).size
  const end = `${requests} of ${count} requests are answered differently; ${allowed.length} differences are allowed.`
  return [...groups, end].join('\n\n')
}

function kindOf({ request, what }: Difference): string {
  const [path = ''] = request.path.split('?')
  return `${request.method} ${path.replaceAll(/\/[^/]*[\d%][^/]*/g, '/{id}').slice(0, SHOWN / 2)}: ${what}`
}

function groupText(kind: string, all: readonly Difference[]): string {
  const [{ request, before, now } = {}] = all
  return [
    `${all.length} × ${kind}`,
    `  for     ${request?.path.slice(0, SHOWN)} ${JSON.stringify(request?.headers).slice(0, SHOWN)}`,
    `  before  ${before}`,
    `  now     ${now}`,
  ].join('\n')
}
