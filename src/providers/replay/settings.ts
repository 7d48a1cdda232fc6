import { Type } from 'typebox'

export const REPLAY_SETTINGS = {
  REPLAY_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'CSV file for the provider `replay`: `symbol,timestamp,price[,currency]`, or another kind.',
    }),
  ),
  REPLAY_OPTIONS: Type.Optional(
    Type.String({
      description:
        'How to read that file, as for `market-data import`: `--symbol AAPL --timezone America/New_York --at 16:00`.',
    }),
  ),
  REPLAY_SPEED: Type.Number({
    default: 1,
    exclusiveMinimum: 0,
    description: 'Replay speed; 1 is real time.',
  }),
}
