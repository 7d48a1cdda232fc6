import { Type } from 'typebox'

export const YAHOO_SETTINGS = {
  YFINANCE_BASE_URL: Type.Optional(
    Type.String({
      pattern: '^https?://',
      expects: 'an http or https address',
      description:
        'Base URL to use instead of Yahoo, for tests and proxies; the real host is sent in `x-forwarded-host`.',
    }),
  ),
  YFINANCE_TIMEOUT_MS: Type.Integer({
    default: 10_000,
    minimum: 100,
    maximum: 120_000,
    description: 'Timeout of one request to Yahoo, in milliseconds.',
  }),
}
