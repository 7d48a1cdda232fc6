import { signal } from '@preact/signals'
import type { Row } from '../../state/market/rows.ts'
import { sorting } from '../../state/watchlists/shown.ts'
import type { OwnList } from '../../state/watchlists/saved.ts'
import { addTo, createList, removeFrom, shownList, targetList } from '../../state/watchlists/watchlists.ts'
import { drag, moveByKey } from './move.ts'

/** The outcome of the last change of a list, for screen readers. */
export const listMessage = signal('')

/** The buttons of a row: into and out of a list, and its position there. Those of the selected row are tab stops. */
export function RowActions({ row }: { row: Row }) {
  const list = shownList.value
  return (
    <span class="buttons" onClick={(event) => event.stopPropagation()}>
      {list ? <OwnRowActions row={row} list={list} /> : <AddButton row={row} />}
    </span>
  )
}

type OwnProps = { readonly row: Row; readonly list: OwnList }

function OwnRowActions({ row: { key, symbol, isSelected }, list }: OwnProps) {
  const tabIndex = isSelected.value ? 0 : -1
  const move = (event: KeyboardEvent) => {
    const position = moveByKey(event, key)
    if (position !== undefined) listMessage.value = `${symbol}: position ${position + 1} of ${list.keys.length}`
  }
  return (
    <>
      {sorting.value === undefined && (
        <button
          type="button"
          class="move"
          tabIndex={tabIndex}
          aria-label={`Move ${symbol}: drag, or use the arrow keys`}
          title="Drag, or use the arrow keys"
          onPointerDown={(event) => drag(event, key)}
          onKeyDown={move}
        >
          ↕
        </button>
      )}
      <button
        type="button"
        tabIndex={tabIndex}
        aria-label={`Remove ${symbol} from ${list.name}`}
        title={`Remove from ${list.name}`}
        onClick={() => {
          removeFrom(list.id, key)
          listMessage.value = `${symbol}: removed from ${list.name}`
          document.getElementById('prices')?.focus()
        }}
      >
        ×
      </button>
    </>
  )
}

function AddButton({ row: { key, symbol, isSelected } }: { row: Row }) {
  const list = targetList.value
  const isListed = list?.keys.includes(key) ?? false
  const text = isListed ? `Remove ${symbol} from ${list?.name}` : `Add ${symbol} to ${list?.name ?? 'a new list'}`
  const change = () => {
    const { id, name } = list ?? createList('My list')
    if (isListed) removeFrom(id, key)
    else addTo(id, key)
    listMessage.value = `${symbol}: ${isListed ? 'removed from' : 'added to'} ${name}`
  }
  return (
    <button type="button" tabIndex={isSelected.value ? 0 : -1} aria-label={text} title={text} onClick={change}>
      {isListed ? '★' : '☆'}
    </button>
  )
}
