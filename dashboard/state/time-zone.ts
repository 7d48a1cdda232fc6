import { computed, effect, signal } from '@preact/signals'
import { exchangeZone } from '../format/exchange-zone.ts'
import { readLocal, writeLocal } from './local-storage.ts'
import { selected } from './market/rows.ts'

/** Whose clock the page shows: this machine's, that of the selected symbol's exchange, or UTC. */
export const ZONE_CHOICES = ['local', 'exchange', 'UTC'] as const
export type ZoneChoice = (typeof ZONE_CHOICES)[number]

const STORAGE_KEY = 'time-zone'

export const zoneChoice = signal<ZoneChoice>(readChoice())

/** The time zone of every time on the page; undefined is that of this machine. UTC if the exchange's is not known. */
export const timeZone = computed(() => zoneOf(zoneChoice.value))

/** The zone that a choice stands for, for the selected symbol. */
export function zoneOf(choice: ZoneChoice): string | undefined {
  if (choice === 'exchange') return exchangeZone(selected.value?.symbol ?? '') ?? 'UTC'
  return choice === 'UTC' ? 'UTC' : undefined
}

/** Remembers the choice in this browser. */
export function startTimeZone(): void {
  effect(() => writeLocal(STORAGE_KEY, zoneChoice.value))
}

function readChoice(): ZoneChoice {
  return ZONE_CHOICES.find((one) => one === readLocal(STORAGE_KEY)) ?? 'local'
}
