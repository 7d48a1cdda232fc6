import { signal } from '@preact/signals'
import { moveTo, shownList } from '../../state/watchlists/watchlists.ts'

/** The key of the row before or after which a dragged row would be dropped. */
export const dropKey = signal<string | undefined>(undefined)

/** Moves the row up or down by the keys. @returns its new position, from 0; undefined for another key */
export function moveByKey(event: KeyboardEvent, key: string): number | undefined {
  const list = shownList.peek()
  const at = list?.keys.indexOf(key) ?? -1
  const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: (list?.keys.length ?? 0) - 1 }[event.key]
  if (list === undefined || to === undefined) return undefined
  event.preventDefault()
  event.stopPropagation()
  const { currentTarget } = event
  const position = Math.min(list.keys.length - 1, Math.max(0, to))
  moveTo(list.id, key, position)
  // An element that is moved in the document loses the focus.
  requestAnimationFrame(() => currentTarget instanceof HTMLElement && currentTarget.focus())
  return position
}

/**
 * Drags the row with a mouse, a finger or a pen until it is let go. The events are the window's: the handle itself may
 * leave the document when its list changes.
 */
export function drag(event: PointerEvent, key: string): void {
  if (event.button !== 0) return
  event.preventDefault()
  const stop = new AbortController()
  const end = () => {
    stop.abort()
    dropKey.value = undefined
  }
  const drop = (last: PointerEvent) => {
    showDrop(last)
    const list = shownList.peek()
    const to = list?.keys.indexOf(dropKey.peek() ?? '') ?? -1
    end()
    if (list && to >= 0) moveTo(list.id, key, to)
  }
  addEventListener('pointermove', showDrop, { signal: stop.signal })
  addEventListener('pointerup', drop, { signal: stop.signal })
  addEventListener('pointercancel', end, { signal: stop.signal })
}

function showDrop({ clientX, clientY }: PointerEvent): void {
  const row = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>('.watchlist tr[data-key]')
  dropKey.value = row?.dataset['key']
}
