import { Type } from 'typebox'

/** The variables of the moving averages. */
export const AVERAGES_SETTINGS = {
  MA_WINDOWS: Type.Array(Type.Integer({ minimum: 1, maximum: 500 }), {
    default: [5],
    minItems: 1,
    maxItems: 10,
    uniqueItems: true,
    description: 'Windows of the moving averages, in prices, separated by commas.',
  }),
}
