import type { ProviderDefinition } from '../transport/provider-definition.ts'
import { YAHOO_SETTINGS } from './settings.ts'

export const YAHOO: ProviderDefinition<typeof YAHOO_SETTINGS> = {
  name: 'yfinance',
  aliases: ['yahoo'],
  settings: YAHOO_SETTINGS,
  requires: [],
  isSynthetic: false,
  capabilities: { quotes: true, bars: false, stream: false, search: true },
  loadParser: async () => (await import('./provider.ts')).yahooParser,
  create: async ({ YFINANCE_BASE_URL, YFINANCE_TIMEOUT_MS }, deps) => {
    const { createYahoo } = await import('./provider.ts')
    return createYahoo({ ...deps, baseUrl: YFINANCE_BASE_URL, timeoutMs: YFINANCE_TIMEOUT_MS })
  },
}
