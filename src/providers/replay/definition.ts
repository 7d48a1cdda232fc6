import type { ProviderDefinition } from '../transport/provider-definition.ts'
import { REPLAY_SETTINGS } from './settings.ts'

export const REPLAY: ProviderDefinition<typeof REPLAY_SETTINGS> = {
  name: 'replay',
  aliases: [],
  settings: REPLAY_SETTINGS,
  requires: ['REPLAY_FILE'],
  isSynthetic: false,
  capabilities: { quotes: true, bars: false, stream: false, search: false },
  loadParser: async () => (await import('./provider.ts')).replayParser,
  create: async ({ REPLAY_FILE: file, REPLAY_SPEED: speed }, { clock }) => {
    if (file === undefined) return undefined
    const { createReplay } = await import('./provider.ts')
    try {
      return createReplay({ file, speed, clock })
    } catch (error) {
      throw new Error(`REPLAY_FILE=${file}: ${(error as Error).message}`, { cause: error })
    }
  },
}
