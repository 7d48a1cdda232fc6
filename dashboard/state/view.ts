import { signal } from '@preact/signals'

/** The part of the series that is visible; `latest` is its last 120 points. */
export const TIME_RANGES = ['latest', 'hour', 'day', 'all'] as const
export type TimeRange = (typeof TIME_RANGES)[number]

/** How the chart is looked at; kept in the URL. */
export const range = signal<TimeRange>('latest')
/** The chosen window of the moving average, in prices; undefined is the service's default. */
export const chosenWindow = signal<number | undefined>(undefined)
