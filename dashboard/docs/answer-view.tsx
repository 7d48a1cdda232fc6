import { indentJson } from './indent-json.ts'
import type { Answer } from './request.ts'

/** Enough to see what a call answers; a browser slows down with more. */
const MAX_SHOWN = 100_000

/** The answer of a call, as it came. */
export function AnswerView({ state }: { readonly state: Answer | 'sending' | Error | undefined }) {
  if (state === undefined) return null
  if (state === 'sending') return <p class="status">Sending …</p>
  if (state instanceof Error)
    return (
      <p class="status" data-tone="bad" role="alert">
        {state.message}
      </p>
    )
  const { status, type, bytes, ms } = state
  const text = shownText(state)
  return (
    <section class="answer" aria-label="Answer" data-status={status}>
      <p class="status" data-tone={status < 300 ? 'good' : 'bad'} role="status">
        {status} · {Math.round(ms)} ms · {bytes} bytes {type && `· ${type.split(';')[0]}`}
      </p>
      {text !== '' && <pre tabIndex={0}>{text}</pre>}
    </section>
  )
}

function shownText({ type, text }: Answer): string {
  const isJson = type.split(';')[0]?.endsWith('json') ?? false
  const shown = isJson && text.length < MAX_SHOWN ? indentJson(text) : text
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}\n… cut here` : shown
}
