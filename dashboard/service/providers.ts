import { computed, signal } from '@preact/signals'
import type { Health, Page, Provider } from './answers.ts'
import { ask } from './ask.ts'
import { repeat } from './repeat.ts'

export const providers = signal<readonly Provider[]>([])
export const health = signal<Health | undefined>(undefined)
/** The windows of the moving averages that the service keeps, the default first. */
export const windows = computed(() => health.value?.average_windows ?? [])

const REFRESH_MS = 5_000

export function keepProviders(): void {
  repeat(REFRESH_MS, async () => {
    const [told, listing] = await Promise.all([ask<Health>('/health'), listProviders()])
    health.value = told
    providers.value = listing
  })
}

/** They stay the same as long as the service runs. */
async function listProviders(): Promise<readonly Provider[]> {
  return providers.value.length > 0 ? providers.value : (await ask<Page<Provider>>('/providers')).data
}
