import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { readStart, request, RequestError, type FileStart } from '../../api/client.ts'
import type { Lineage, RawResponse } from '../../api/schemas.ts'
import { timeText } from '../../format/time.ts'
import { Table, type Column } from '../table.tsx'

/** Where a price comes from and what it went into: the price, the reply, its bytes, the averages. */
export function SourcePanel({ priceId, onClose }: { priceId: string; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const lineage = useSignal<Lineage | undefined>(undefined)
  const failure = useSignal('')
  useEffect(() => {
    // A modal dialog keeps the focus, closes with Esc, and gives the focus back.
    dialog.current?.showModal()
    return load(failure, async (signal) => {
      lineage.value = await request('GET /prices/{id}/lineage', { path: { id: priceId }, signal })
    })
  }, [])
  const closeOutside = ({ target }: Event) => target === dialog.current && dialog.current?.close()
  return (
    <dialog ref={dialog} class="source-panel" aria-labelledby="source-title" onClose={onClose} onClick={closeOutside}>
      <div class="title">
        <h2 id="source-title">Source of a price</h2>
        <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <p role="alert" class="failure">
        {failure}
      </p>
      {lineage.value && <Steps lineage={lineage.value} />}
      <p>
        <a href={`prices/${priceId}/lineage`}>As JSON</a>
      </p>
    </dialog>
  )
}

function Steps({ lineage: { symbol, provider, price, revisions, raw_response, averages } }: { lineage: Lineage }) {
  return (
    <>
      <h3>Price</h3>
      <dl>
        <Member name="Symbol">
          {symbol} from {provider}
        </Member>
        <Member name="Price">
          {price.price} {price.currency}
        </Member>
        <Member name="Time">{timeText(Date.parse(price.timestamp))}</Member>
        <Member name="Received">{timeText(Date.parse(price.received_at))}</Member>
        <Member name="Id">{price.price_id}</Member>
        {revisions.length > 1 && (
          <Member name="Revision">
            {price.revision} of {revisions.length}: {revisions.map((one) => one.price).join(', ')}
          </Member>
        )}
      </dl>
      {raw_response ? <Reply reply={raw_response} /> : <p class="none">Its reply is no longer stored.</p>}
      <h3>Averages that contain it</h3>
      {averages.length === 0 && <p class="none">None yet.</p>}
      {averages.length > 0 && <Table columns={AVERAGE_COLUMNS} items={averages} keyOf={keyOfAverage} />}
    </>
  )
}

type Average = Lineage['averages'][number]

const AVERAGE_COLUMNS: readonly Column<Average>[] = [
  { title: 'Of', cell: ({ window }) => `${window} prices` },
  { title: 'Time', cell: ({ timestamp }) => timeText(Date.parse(timestamp)) },
  { title: 'Average', cell: ({ average }) => average },
]

function keyOfAverage({ window, timestamp }: Average): string {
  return `${window} ${timestamp}`
}

function Reply({ reply }: { reply: RawResponse }) {
  return (
    <>
      <h3>Reply</h3>
      <dl>
        <Member name="Request">{reply.request}</Member>
        <Member name="Status">{reply.status}</Member>
        <Member name="Received">{timeText(Date.parse(reply.received_at))}</Member>
        <Member name="SHA-256">{reply.sha256}</Member>
      </dl>
      <h3>Bytes</h3>
      <Bytes path={`raw-responses/${reply.raw_response_id}/body`} />
    </>
  )
}

const SHOWN_BYTES = 2_048

function Bytes({ path }: { path: string }) {
  const start = useSignal<FileStart | undefined>(undefined)
  const failure = useSignal('')
  useEffect(
    () => load(failure, async (signal) => void (start.value = await readStart(path, SHOWN_BYTES, signal))),
    [path],
  )
  return (
    <>
      <p role="alert" class="failure">
        {failure}
      </p>
      {start.value && (
        <pre role="group" tabIndex={0} aria-label="Bytes of the reply">
          {new TextDecoder().decode(start.value.bytes)}
        </pre>
      )}
      <p class="actions">
        <a href={path} download>
          Download
        </a>
        {start.value && !start.value.isWhole && <span class="source">the first 2 kB are shown</span>}
      </p>
    </>
  )
}

function Member({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** Reads until the part is removed. */
function load(failure: { value: string }, read: (signal: AbortSignal) => Promise<void>): () => void {
  const removed = new AbortController()
  read(removed.signal).catch((error: unknown) => {
    if (!removed.signal.aborted) failure.value = error instanceof RequestError ? error.message : String(error)
  })
  return () => removed.abort()
}
