import { useSignal, type Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { countText } from '../../format/count.ts'
import { rows } from '../../state/market/rows.ts'
import { createList, deleteList, ownLists, renameList, showList, shownList } from '../../state/watchlists/watchlists.ts'

type Mode = 'choose' | 'create' | 'rename' | 'delete'

/** Which list is shown, and what can be done with the lists. */
export function ListBar() {
  const mode = useSignal<Mode>('choose')
  if (mode.value === 'create' || mode.value === 'rename') return <NameForm mode={mode} />
  if (mode.value === 'delete') return <DeleteConfirmation mode={mode} />
  return (
    <div class="list-bar">
      <ListChoice />
      <button type="button" onClick={() => (mode.value = 'create')}>
        New list
      </button>
      {shownList.value && (
        <>
          <button type="button" onClick={() => (mode.value = 'rename')}>
            Rename
          </button>
          <button type="button" onClick={() => (mode.value = 'delete')}>
            Delete list
          </button>
        </>
      )}
    </div>
  )
}

function ListChoice() {
  return (
    <select
      aria-label="List"
      value={shownList.value?.id ?? ''}
      onChange={({ currentTarget }) => showList(currentTarget.value || undefined)}
    >
      <option value="">All symbols ({countText(rows.value?.length ?? 0)})</option>
      {ownLists.value.map(({ id, name, keys }) => (
        <option key={id} value={id}>
          {name} ({countText(keys.length)})
        </option>
      ))}
    </select>
  )
}

function NameForm({ mode }: { mode: Signal<Mode> }) {
  const list = mode.value === 'rename' ? shownList.value : undefined
  const name = useSignal(list?.name ?? '')
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  const close = () => (mode.value = 'choose')
  const save = (event: Event) => {
    event.preventDefault()
    if (list) renameList(list.id, name.value)
    else showList(createList(name.value).id)
    close()
  }
  return (
    <form class="list-bar" onSubmit={save} onKeyDown={({ key }) => key === 'Escape' && close()}>
      <input
        ref={field}
        aria-label="Name of the list"
        placeholder="My list"
        maxLength={40}
        value={name}
        onInput={({ currentTarget }) => (name.value = currentTarget.value)}
      />
      <button type="submit">{list ? 'Rename' : 'Create'}</button>
      <button type="button" onClick={close}>
        Cancel
      </button>
    </form>
  )
}

/** Takes the place of the bar, with the focus on the harmless answer. */
function DeleteConfirmation({ mode }: { mode: Signal<Mode> }) {
  const keep = useRef<HTMLButtonElement>(null)
  useEffect(() => keep.current?.focus(), [])
  const list = shownList.value
  const close = () => (mode.value = 'choose')
  const confirm = () => {
    if (list) deleteList(list.id)
    close()
    document.getElementById('prices')?.focus()
  }
  return (
    <div
      class="list-bar"
      role="group"
      aria-label={`Delete ${list?.name}?`}
      onKeyDown={({ key }) => key === 'Escape' && close()}
    >
      <span>Delete “{list?.name}”?</span>
      <button type="button" class="danger" onClick={confirm}>
        Yes, delete
      </button>
      <button type="button" ref={keep} onClick={close}>
        Keep
      </button>
    </div>
  )
}
