import { useSignal } from '@preact/signals'
import { CallForm } from './call-form.tsx'
import { isEndless, type Call, type OpenApi, type Responses } from './document.ts'
import type { Examples } from './examples.ts'
import { Prose } from './prose.tsx'
import type { Answer } from './request.ts'
import { SchemaView } from './schema-view.tsx'

type Needs = {
  readonly document: OpenApi
  readonly call: Call
  readonly examples: Examples
  onChanged(answer: Answer): void
}

/** A call: one line, and everything about it once it is opened. */
export function CallView(needs: Needs) {
  const { document, call } = needs
  const { method, path, summary, operationId } = call
  const isOpen = useSignal(location.hash === `#${operationId}`)
  return (
    <details
      id={operationId}
      class="call"
      open={isOpen.value}
      onToggle={({ currentTarget }) => (isOpen.value = currentTarget.open)}
    >
      <summary>
        <span class="method" data-method={method}>
          {method}
        </span>{' '}
        <code class="path">{path}</code> <span class="summary">{summary}</span>
      </summary>
      {isOpen.value && (
        <>
          <Prose text={call.description} />
          {isEndless(call) ? <StreamHelp {...needs} /> : <CallForm {...needs} />}
          <ResponsesView document={document} responses={call.responses} />
        </>
      )}
    </details>
  )
}

/** A stream has no end, so a form could not show it. */
function StreamHelp({ call, examples }: Needs) {
  const { symbol = '', provider = '' } = examples
  const address = new URL(
    `${call.path.slice(1)}?${new URLSearchParams({ symbols: symbol, provider })}`,
    document.baseURI,
  )
  return (
    <>
      <p>The answer has no end: each price arrives when it is stored. Read it in a terminal, and end it with Ctrl-C:</p>
      <pre class="curl">curl -N '{address.href}'</pre>
      <p>
        In a browser, <code>new EventSource(address)</code> with a listener for the event <code>price</code>.
      </p>
    </>
  )
}

function ResponsesView({ document, responses }: { readonly document: OpenApi; readonly responses: Responses }) {
  return (
    <details class="responses">
      <summary>Answers</summary>
      {Object.entries(responses).map(([status, { description, content = {} }]) => (
        <div key={status}>
          <p>
            <strong>{status}</strong> {description}{' '}
            {status < '300' && <span class="type">{Object.keys(content).join(', ')}</span>}
          </p>
          {status < '300' &&
            Object.entries(content).map(
              ([type, { schema }]) => schema && <SchemaView key={type} document={document} schema={schema} />,
            )}
        </div>
      ))}
    </details>
  )
}
