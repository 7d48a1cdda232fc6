import { Type } from 'typebox'

const days = (description: string, options = {}) =>
  Type.Integer({ minimum: 1, maximum: 36_500, description, ...options })

/** The variables that say how long data is kept. */
export const RETENTION_SETTINGS = {
  RETENTION_PRICES_DAYS: Type.Optional(days('Days to keep prices. Default: forever.')),
  RETENTION_SIMULATED_DAYS: days('Days to keep simulated prices.', { default: 7 }),
  RETENTION_RUNS_DAYS: days('Days to keep runs of polling jobs, and the contents of resolved dead letters.', {
    default: 7,
  }),
}
