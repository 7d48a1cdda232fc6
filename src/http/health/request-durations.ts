const NAME = 'market_data_http_request_seconds'
const HELP = 'Duration of requests, by route.'
const BOUNDS_SECONDS = [0.005, 0.02, 0.1, 0.5, 2, 10] as const

/** What identifies a series. The route is its pattern and not the path, so that callers cannot create series. */
export type RequestLabels = { readonly method: string; readonly route: string; readonly status: number }

/** Durations of the requests of one series; `counts` has one number for each bound, and one for what took longer. */
type Series = RequestLabels & { readonly counts: number[]; sum: number }

/** A histogram of the durations of requests. */
export type RequestDurations = {
  count(labels: RequestLabels, seconds: number): void
  /** In the text format of Prometheus. */
  text(): string
}

/** Counts in plain arrays, since every request is counted; the text is written when somebody reads it. */
export function createRequestDurations(): RequestDurations {
  const routes = new Map<string, Series[]>()

  function seriesOf({ method, route, status }: RequestLabels): Series {
    const ofRoute = routes.get(route) ?? []
    const known = ofRoute.find((one) => one.status === status && one.method === method)
    if (known) return known
    const series = { method, route, status, counts: [...BOUNDS_SECONDS, Infinity].map(() => 0), sum: 0 }
    routes.set(route, [...ofRoute, series])
    return series
  }

  return {
    count: (labels, seconds) => {
      const series = seriesOf(labels)
      const within = BOUNDS_SECONDS.findIndex((bound) => seconds <= bound)
      const index = within === -1 ? BOUNDS_SECONDS.length : within
      series.counts[index] = (series.counts[index] ?? 0) + 1
      series.sum += seconds
    },
    text: () =>
      [`# HELP ${NAME} ${HELP}`, `# TYPE ${NAME} histogram`, ...[...routes.values()].flat().flatMap(lines), ''].join(
        '\n',
      ),
  }
}

/** Each bucket contains those before it. */
function lines({ method, route, status, counts, sum }: Series): string[] {
  const labels = `method="${method}",route="${route}",status="${status}"`
  const total = counts.reduce((before, count) => before + count, 0)
  let within = 0
  const buckets = BOUNDS_SECONDS.map((bound, index) => {
    within += counts[index] ?? 0
    return `${NAME}_bucket{le="${bound}",${labels}} ${within}`
  })
  return [
    ...buckets,
    `${NAME}_bucket{le="+Inf",${labels}} ${total}`,
    `${NAME}_sum{${labels}} ${sum}`,
    `${NAME}_count{${labels}} ${total}`,
  ]
}
