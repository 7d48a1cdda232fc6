import { signal } from '@preact/signals'
import { render } from 'preact'
import { startTheme } from '../state/theme.ts'
import { CallView } from './call-view.tsx'
import { callsOf, type OpenApi } from './document.ts'
import { readExamples, type Examples } from './examples.ts'
import { Prose } from './prose.tsx'
import { apiKey, readJson, type Answer } from './request.ts'

const examples = signal<Examples>({})
const container = document.getElementById('docs')
startTheme()
void start()

async function start(): Promise<void> {
  const [api] = await Promise.all([readJson('openapi.json'), refreshExamples()])
  if (container) render(<DocsPage api={api as OpenApi} />, container)
  document.getElementById(location.hash.slice(1))?.scrollIntoView()
}

async function refreshExamples(): Promise<void> {
  examples.value = await readExamples(readJson)
}

/** The first key that is created closes the service, so this page goes on with it. */
function onChanged({ text, status }: Answer): void {
  const { key } = (status === 201 && text.startsWith('{') ? JSON.parse(text) : {}) as { key?: unknown }
  if (apiKey.value === '' && typeof key === 'string') apiKey.value = key
  void refreshExamples()
}

function DocsPage({ api }: { readonly api: OpenApi }) {
  return (
    <>
      <header>
        <p>
          <a href="./">← Dashboard</a>
        </p>
        <h1>
          Market data API <span class="type">{api.info.version}</span>
        </h1>
        <Prose text={api.info.description} />
        <p>
          <a href="openapi.json">openapi.json</a> · <a href="asyncapi.yaml">asyncapi.yaml</a>
        </p>
        <label class="field key">
          <span class="name">API key, if this service needs one; kept until the page is closed</span>
          <input
            name="api-key"
            type="password"
            autocomplete="off"
            value={apiKey.value}
            onChange={({ currentTarget }) => {
              apiKey.value = currentTarget.value.trim()
              void refreshExamples()
            }}
          />
        </label>
      </header>
      <main>
        {api.tags.map(({ name, description }) => (
          <section key={name} aria-labelledby={`tag-${name}`}>
            <h2 id={`tag-${name}`}>{name}</h2>
            <Prose text={description} />
            {callsOf(api, name).map((call) => (
              <CallView
                key={call.operationId}
                document={api}
                call={call}
                examples={examples.value}
                onChanged={onChanged}
              />
            ))}
          </section>
        ))}
      </main>
    </>
  )
}
