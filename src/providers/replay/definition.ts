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
  create: async ({ REPLAY_FILE: file, REPLAY_OPTIONS: text, REPLAY_SPEED: speed }, { clock }) => {
    if (file === undefined) return undefined
    const { createReplay } = await import('./provider.ts')
    const { parseCsvOptions } = await import('../csv/options.ts')
    const options = await about(`REPLAY_OPTIONS=${text}`, () => parseCsvOptions(text ?? ''))
    return about(`REPLAY_FILE=${file}`, () => createReplay({ file, options, speed, clock }))
  },
}

/** Names the setting in its errors. */
async function about<T>(setting: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new Error(`${setting}: ${(error as Error).message}`, { cause: error })
  }
}
