import { useSignal } from '@preact/signals'
import { directionOf, signedText } from '../../format/decimal.ts'
import { durationText, timeText } from '../../format/time.ts'
import { now } from '../../state/clock.ts'
import type { Quote, QuoteStatus } from '../../state/market/quote.ts'
import type { Row } from '../../state/market/rows.ts'
import { QuoteStatusLabel } from '../quote-status.tsx'
import { SourcePanel } from './source-panel.tsx'

/** The symbol, and its newest price with what is known about it. */
export function Headline({ row }: { row: Row }) {
  const quote = row.quote.value
  return (
    <div class="headline">
      <h2 id="chart-title">
        {row.symbol} <span class="source">{row.provider}</span>
      </h2>
      {quote && <Figures quote={quote} />}
      {quote && <Details quote={quote} status={row.status.value} />}
    </div>
  )
}

function Figures({ quote }: { quote: Quote }) {
  return (
    <p class="figures">
      <span class="price">{quote.price}</span> <span class="currency">{quote.currency}</span>
      {quote.change && (
        <span class="change" data-direction={directionOf(quote.change)}>
          {signedText(quote.change)} {quote.changePercent && `(${signedText(quote.changePercent)} %)`}
        </span>
      )}
    </p>
  )
}

/** The status may still be that of a quote in another currency. */
function Details({ quote, status }: { quote: Quote; status: QuoteStatus | undefined }) {
  const { extended, previousClose } = status?.currency === quote.currency ? status : {}
  const shownPriceId = useSignal<string | undefined>(undefined)
  return (
    <div class="details">
      <QuoteStatusLabel status={status} />
      <span>
        {timeText(quote.madeAt)}, {durationText(now.value - quote.madeAt)} ago
      </span>
      {quote.formerly && <CurrencyChange from={quote.formerly} to={quote} />}
      {previousClose && <span>previous close {previousClose}</span>}
      {extended && (
        <span>
          {extended.session === 'pre' ? 'pre-market' : 'after hours'} {extended.price} at{' '}
          {timeText(Date.parse(extended.timestamp))}
        </span>
      )}
      <button type="button" class="link" onClick={() => (shownPriceId.value = quote.priceId)}>
        Source
      </button>
      {shownPriceId.value && (
        <SourcePanel priceId={shownPriceId.value} onClose={() => (shownPriceId.value = undefined)} />
      )}
    </div>
  )
}

function CurrencyChange({ from, to }: { from: Quote; to: Quote }) {
  return (
    <strong class="currency-change">
      Now quoted in {to.currency ?? 'no currency'}; until {timeText(from.madeAt)} in {from.currency ?? 'no currency'}:{' '}
      {from.price}
    </strong>
  )
}
