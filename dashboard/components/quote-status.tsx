import { durationText } from '../format/time.ts'
import type { QuoteStatus } from '../state/market/quote.ts'
import { StatusLabel, type Status } from './status-icon.tsx'

/** Whether the price is current: the market's state and the price's freshness in a word. */
export function QuoteStatusLabel({ status }: { status: QuoteStatus | undefined }) {
  if (status === undefined) return null
  return <StatusLabel status={statusOf(status)} />
}

const CLOSED_TEXTS: Readonly<Record<QuoteStatus['marketState'], string>> = {
  pre: 'pre-market',
  post: 'after hours',
  closed: 'closed',
  open: 'closed',
  always: 'closed',
  unknown: 'closed',
}

/** An imported price may be new without anyone having said that the market is open. */
const FRESH_TEXTS: Readonly<Partial<Record<QuoteStatus['marketState'], string>>> = { always: '24 h', unknown: 'new' }

function statusOf({ freshness, marketState, delaySeconds }: QuoteStatus): Status {
  switch (freshness) {
    case 'fresh':
      return ['full', 'good', FRESH_TEXTS[marketState] ?? 'open']
    case 'delayed':
      return ['half', 'neutral', `${durationText((delaySeconds ?? 0) * 1_000)} delay`]
    case 'stale':
      return ['cross', 'bad', 'stale']
    case 'closed':
      return ['ring', 'neutral', CLOSED_TEXTS[marketState]]
    case 'unknown':
      return ['ring', 'neutral', 'unknown']
  }
}
