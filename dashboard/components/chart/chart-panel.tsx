import type { ComponentChildren } from 'preact'
import { useComputed, type Signal } from '@preact/signals'
import { zoneName } from '../../format/time.ts'
import { now } from '../../state/clock.ts'
import { jobs } from '../../state/jobs.ts'
import { rows, selected, sought } from '../../state/market/rows.ts'
import { windows } from '../../state/providers.ts'
import { ZONE_CHOICES, zoneChoice, zoneOf, timeZone, type ZoneChoice } from '../../state/time-zone.ts'
import { chosenWindow, range, type TimeRange } from '../../state/view.ts'
import { Chart } from './chart.tsx'
import { FirstRun } from './first-run.tsx'
import { Headline } from './headline.tsx'
import { MissingSymbol } from './missing-symbol.tsx'

/** The selected symbol: its price in large type, and a chart of its history. */
export function ChartPanel() {
  const window = useComputed(() => windows.value.find((one) => one === chosenWindow.value) ?? windows.value[0])
  const row = selected.value
  if (row === undefined) return <NothingSelected />
  return (
    <section class="chart-panel" aria-labelledby="chart-title">
      <Headline row={row} />
      <div class="tools">
        <Choice legend="Range" name="range" choices={RANGES} value={range} />
        <WindowChoice window={window.value} />
        <ZoneChoices />
      </div>
      {window.value !== undefined && (
        <Chart key={`${row.key} ${window.value} ${timeZone.value}`} row={row} window={window.value} range={range} />
      )}
    </section>
  )
}

function NothingSelected() {
  if (sought.value?.isMissing) return <MissingSymbol link={sought.value} />
  if (rows.value?.length === 0 && jobs.value && !sought.value) return <FirstRun />
  return <section class="chart-panel" aria-hidden="true" />
}

const RANGES: readonly (readonly [TimeRange, string])[] = [
  ['latest', 'Latest'],
  ['hour', '1 h'],
  ['day', '1 d'],
  ['all', 'All'],
]

type ChoiceProps<T extends string> = {
  readonly legend: string
  readonly name: string
  readonly choices: readonly (readonly [T, string])[]
  readonly value: Signal<T>
}

function Choice<T extends string>({ legend, name, choices, value }: ChoiceProps<T>) {
  return (
    <fieldset class="choice">
      <legend>{legend}</legend>
      {choices.map(([choice, text]) => (
        <label key={choice}>
          <input type="radio" name={name} checked={value.value === choice} onChange={() => (value.value = choice)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  )
}

/** The averages that the service computes; a link may name another one. */
function WindowChoice({ window }: { window: number | undefined }) {
  const isOther = chosenWindow.value !== undefined && window !== undefined && chosenWindow.value !== window
  return (
    <>
      <Selection label="Average of" value={window} onChoose={(chosen) => (chosenWindow.value = Number(chosen))}>
        {windows.value.map((one) => (
          <option key={one} value={one}>
            {one} prices
          </option>
        ))}
      </Selection>
      {isOther && <span class="failure">No average of {chosenWindow.value} prices is computed here.</span>}
    </>
  )
}

/** Whose clock all times of the page follow. */
function ZoneChoices() {
  const texts: Readonly<Record<ZoneChoice, string>> = {
    local: `Local (${zoneName(zoneOf('local'), now.value)})`,
    exchange: `Exchange (${zoneName(zoneOf('exchange'), now.value)})`,
    UTC: 'UTC',
  }
  return (
    <Selection label="Time" value={zoneChoice.value} onChoose={chooseZone}>
      {ZONE_CHOICES.map((one) => (
        <option key={one} value={one}>
          {texts[one]}
        </option>
      ))}
    </Selection>
  )
}

function chooseZone(chosen: string): void {
  zoneChoice.value = ZONE_CHOICES.find((one) => one === chosen) ?? 'local'
}

type SelectionProps = {
  readonly label: string
  readonly value: string | number | undefined
  readonly onChoose: (chosen: string) => void
  readonly children: ComponentChildren
}

function Selection({ label, value, onChoose, children }: SelectionProps) {
  return (
    <label class="window">
      {label}
      <select value={value} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
        {children}
      </select>
    </label>
  )
}
