import type { Standing } from '../service/market.ts'
import { spanText } from '../service/time.ts'
import { Marked, type MarkedState } from './mark.tsx'

/** Whether the price may be taken for the present one: the market's state and the price's freshness in a word. */
export function StandingMark({ standing }: { standing: Standing | undefined }) {
  if (standing === undefined) return null
  return <Marked state={view(standing)} />
}

const CLOSED_WORDS = {
  pre: 'pre-market',
  post: 'after hours',
  closed: 'closed',
  open: 'closed',
  always: 'closed',
  unknown: 'closed',
}

function view({ freshness, marketState, delaySeconds }: Standing): MarkedState {
  switch (freshness) {
    case 'fresh':
      return ['full', 'good', marketState === 'always' ? '24 h' : 'open']
    case 'delayed':
      return ['half', 'calm', `${spanText((delaySeconds ?? 0) * 1_000)} late`]
    case 'stale':
      return ['cross', 'bad', 'stale']
    case 'closed':
      return ['ring', 'calm', CLOSED_WORDS[marketState]]
    case 'unknown':
      return ['ring', 'calm', 'unknown']
  }
}
