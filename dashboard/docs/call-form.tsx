import { useSignal } from '@preact/signals'
import { AnswerView } from './answer-view.tsx'
import type { Call, OpenApi } from './document.ts'
import { startValue, type Examples } from './examples.ts'
import { Field } from './fields.tsx'
import { curlLine, send, type Answer, type Filled, type Values } from './request.ts'

type Needs = {
  readonly document: OpenApi
  readonly call: Call
  readonly examples: Examples
  /** Called after a call that may have changed what the examples are read from. */
  onChanged(answer: Answer): void
}

/** A form that sends a call as it stands. One that changes something is sent only after a second click. */
export function CallForm({ document, call, examples, onChanged }: Needs) {
  const changes = useSignal<Values>({})
  const body = useSignal(bodyExample(call))
  const isAsking = useSignal(false)
  const state = useSignal<Answer | 'sending' | Error | undefined>(undefined)
  const parameters = call.parameters ?? []
  const start = Object.fromEntries(parameters.map((one) => [one.name, startValue(call, one, examples)]))
  const filled: Filled = { call, values: { ...start, ...changes.value }, body: body.value }
  const isRead = call.method === 'GET'

  const sendIt = async () => {
    isAsking.value = false
    state.value = 'sending'
    const answer = await send(filled).catch(
      (error: unknown) => new Error('The service does not respond.', { cause: error }),
    )
    state.value = answer
    if (!isRead && !(answer instanceof Error)) onChanged(answer)
  }
  const submit = (event: Event) => {
    event.preventDefault()
    if (isRead) void sendIt()
    else isAsking.value = true
  }

  return (
    <form class="call-form" onSubmit={submit}>
      {parameters.map((parameter) => (
        <Field
          key={parameter.name}
          document={document}
          parameter={parameter}
          value={filled.values[parameter.name] ?? ''}
          onInput={(value) => (changes.value = { ...changes.value, [parameter.name]: value })}
        />
      ))}
      {call.requestBody && (
        <label class="field">
          <span class="name">Body, JSON</span>
          <textarea
            name="body"
            rows={6}
            spellcheck={false}
            value={body.value}
            onInput={({ currentTarget }) => (body.value = currentTarget.value)}
          />
        </label>
      )}
      <pre class="curl">{curlLine(filled)}</pre>
      {isAsking.value ? (
        <p class="ask" role="alertdialog" aria-label="Send a change?">
          This changes the service.{' '}
          <button type="button" class="confirm" onClick={() => void sendIt()}>
            Yes, send {call.method}
          </button>{' '}
          <button type="button" onClick={() => (isAsking.value = false)}>
            Cancel
          </button>
        </p>
      ) : (
        <button class="send" disabled={state.value === 'sending'}>
          {isRead ? 'Send' : `Send ${call.method} …`}
        </button>
      )}
      <AnswerView state={state.value} />
    </form>
  )
}

function bodyExample({ requestBody }: Call): string {
  const { example, schema } = requestBody?.content['application/json'] ?? {}
  const value = example ?? schema?.examples?.[0]
  return value === undefined ? '' : JSON.stringify(value, undefined, 2)
}
