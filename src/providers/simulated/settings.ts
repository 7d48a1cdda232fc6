import { Type } from 'typebox'

export const SIMULATED_SETTINGS = {
  SIMULATED_SEED: Type.String({ default: 'market-data', description: 'Seed of the simulated prices.' }),
}
