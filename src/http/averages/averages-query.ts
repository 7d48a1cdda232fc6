import { Type, type Static } from 'typebox'
import type { ReadLatest } from '../../core/ingest/read-through.ts'
import type { ReadAverageLines, ReadAverages, ReadNewestAverage } from '../../core/averages/average.ts'
import { Paging } from '../server/pagination.ts'
import { providerOf, type ProviderDeps } from '../server/providers.ts'
import { MAX_LIMIT, Range } from '../server/query.ts'
import { Format } from '../server/responses/csv-table.ts'
import { alternatives } from '../server/validation/expectation.ts'
import { mistake, rangeInOrder, type Rule } from '../server/validation/rules.ts'
import {
  cursorOfSeries,
  limitOfEach,
  ofSeries,
  SeriesMembers,
  type OthersDeps,
} from '../server/validation/series-query.ts'

export type AveragesDeps = ProviderDeps &
  OthersDeps & {
    readonly readAverages: ReadAverages
    readonly readAverageLines: ReadAverageLines
    readonly readNewestAverage: ReadNewestAverage
    readonly readLatest: ReadLatest
    /** The windows that are computed, the default first. */
    readonly windows: readonly number[]
  }

/** Inputs are many times the size of the averages. */
const MAX_WITH_INPUTS = 1_000

const series = {
  ...SeriesMembers,
  window: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: 'One of the configured windows.', examples: [5] }),
  ),
}
const list = {
  ...series,
  ...Range,
  ...Paging,
  expand: Type.Optional(
    Type.Literal('inputs', {
      description: `Include the prices of each average; \`limit\` is then at most ${MAX_WITH_INPUTS}.`,
    }),
  ),
  ...Format,
}

/** The query for the newest average of series. */
export function latestQuery(windows: readonly number[]) {
  const LatestQuery = Type.Object(series, ofSeries(windowIn(windows)))
  return LatestQuery
}

/** The query for lists of averages. */
export function listQuery(windows: readonly number[]) {
  const ofList = [cursorOfSeries, rangeInOrder, limitOfEach(mostRows), noInputsInCsv]
  const ListQuery = Type.Object(list, ofSeries(windowIn(windows), ...ofList))
  return ListQuery
}

/** The window is one of those that are computed. */
function windowIn(windows: readonly number[]): Rule {
  return ({ window }) =>
    typeof window !== 'number' || !Number.isInteger(window) || windows.includes(window)
      ? []
      : mistake('window', `must be ${alternatives(windows)}; the setting MA_WINDOWS adds windows`)
}

const noInputsInCsv: Rule = ({ expand, format }) =>
  expand === undefined || format !== 'csv'
    ? []
    : mistake('expand', 'CSV has no column for the inputs; leave expand out, or ask for JSON')

/** The most averages of one answer. CSV is streamed, however long it is. */
export function mostRows({ expand, format }: { readonly expand?: unknown; readonly format?: unknown }): number {
  if (format === 'csv') return Number.POSITIVE_INFINITY
  return expand === 'inputs' ? MAX_WITH_INPUTS : MAX_LIMIT
}

/** The members of a query that choose series. @throws ServiceError `unknown_provider` */
export function seriesOf(query: Static<ReturnType<typeof latestQuery>>, deps: AveragesDeps) {
  return {
    provider: providerOf(deps, query.provider).name,
    currency: query.currency,
    window: query.window ?? deps.windows[0] ?? 0,
  }
}
