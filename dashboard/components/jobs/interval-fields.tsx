import { useSignal, type Signal } from '@preact/signals'
import { MARKET_HOURS, type MarketHours } from '../../state/jobs.ts'

const UNITS = [
  [1, 'seconds'],
  [60, 'minutes'],
  [3_600, 'hours'],
] as const
const ONE_YEAR_SECONDS = 31_536_000

/** An interval as a person types it. */
export type Interval = { readonly count: Signal<string>; readonly unit: Signal<number> }

/** An interval in its largest whole unit; a minute by default. */
export function useInterval(seconds = 60): Interval {
  const unit = UNITS.findLast(([size]) => seconds % size === 0)?.[0] ?? 1
  return { count: useSignal(String(seconds / unit)), unit: useSignal<number>(unit) }
}

export function secondsOf({ count, unit }: Interval): number {
  return Math.round(Number(count.value) * unit.value)
}

/** Why the interval cannot be used; undefined if it can. */
export function intervalProblem(interval: Interval): string | undefined {
  const seconds = secondsOf(interval)
  if (seconds > ONE_YEAR_SECONDS) return 'The longest interval is one year (8,760 hours).'
  return seconds >= 1 ? undefined : 'The shortest interval is one second.'
}

/** The fields of an interval. */
export function IntervalFields({ interval: { count, unit } }: { interval: Interval }) {
  return (
    <fieldset class="every">
      <legend>Every</legend>
      <input
        type="number"
        aria-label="Interval"
        min="1"
        step="1"
        required
        value={count}
        onInput={({ currentTarget }) => (count.value = currentTarget.value)}
      />
      <select
        aria-label="Unit"
        value={unit.value}
        onChange={({ currentTarget }) => (unit.value = Number(currentTarget.value))}
      >
        {UNITS.map(([size, name]) => (
          <option key={size} value={size}>
            {count.value === '1' ? name.slice(0, -1) : name}
          </option>
        ))}
      </select>
    </fieldset>
  )
}

const HOURS_TEXTS: Readonly<Record<MarketHours, string>> = {
  always: 'at any time',
  regular: 'regular hours',
  extended: 'extended hours',
}

/** The field of when a job runs. */
export function MarketHoursField({ hours }: { hours: Signal<MarketHours> }) {
  const choose = (value: string) => (hours.value = MARKET_HOURS.find((one) => one === value) ?? 'always')
  return (
    <label>
      When
      <select value={hours.value} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {MARKET_HOURS.map((one) => (
          <option key={one} value={one}>
            {HOURS_TEXTS[one]}
          </option>
        ))}
      </select>
    </label>
  )
}
