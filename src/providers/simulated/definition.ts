import type { ProviderDefinition } from '../transport/provider-definition.ts'
import { SIMULATED_SETTINGS } from './settings.ts'

export const SIMULATED: ProviderDefinition<typeof SIMULATED_SETTINGS> = {
  name: 'simulated',
  aliases: [],
  settings: SIMULATED_SETTINGS,
  requires: [],
  isSynthetic: true,
  capabilities: { quotes: true, bars: false, stream: false, search: false },
  loadParser: async () => (await import('./provider.ts')).simulatedParser,
  create: async ({ SIMULATED_SEED }, { clock }) => {
    const { createSimulated } = await import('./provider.ts')
    return createSimulated({ seed: SIMULATED_SEED, clock })
  },
}
