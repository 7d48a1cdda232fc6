import { batch, computed, signal } from '@preact/signals'
import { request } from '../api/client.ts'
import type { Health, Provider, ProviderHealth } from '../api/schemas.ts'
import { poll } from './poll.ts'

/** The providers that the service offers. */
export const providers = signal<readonly Provider[]>([])
/** Those that a job can ask: imported prices cannot be requested. */
export const pollable = computed(() => providers.value.filter((one) => one.can_be_polled))
/** The service's report on itself; undefined until it has been read. */
export const health = signal<Health | undefined>(undefined)
/** The windows of the moving averages that the service computes, the default first. */
export const windows = computed(() => health.value?.average_windows ?? [])

const REFRESH_MS = 5_000

/** Keeps providers and health up to date. */
export function startProviders(): void {
  poll(REFRESH_MS, async () => {
    const [current, listed] = await Promise.all([request('GET /health', {}), request('GET /providers', {})])
    batch(() => {
      health.value = current
      providers.value = listed.data
    })
  })
}

/** Whether its failures matter now; the service decides, so that a banner does not stay after they do not. */
export function isFailing({ status }: ProviderHealth): boolean {
  return status === 'failing'
}
