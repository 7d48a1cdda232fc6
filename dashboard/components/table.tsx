import { signal, type Signal } from '@preact/signals'
import type { ComponentChildren, HTMLAttributes, KeyboardEventHandler } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { useRowWindow } from './row-window.ts'

/** A column: its header, and the content of a cell. */
export type Column<Item> = {
  readonly title: ComponentChildren
  /** The class of the column's cells, including its header. */
  readonly class?: string
  /** For screen readers: how the column is sorted; read at each rendering. */
  readonly sorted?: () => 'ascending' | 'descending' | undefined
  /** A row renders again if a signal read in here changes. */
  readonly cell: (item: Item) => ComponentChildren
}

/** A line of its own below a row. */
export type RowNote = { readonly class: 'error' | 'remark'; readonly text: ComponentChildren }

type RowOptions<Item> = {
  /** The cells of the first column are the headers of their rows. */
  readonly columns: readonly Column<Item>[]
  readonly noteOf?: (item: Item) => RowNote | undefined
  readonly rowProps?: (item: Item) => HTMLAttributes<HTMLTableRowElement>
}

type Props<Item> = RowOptions<Item> & {
  readonly items: readonly Item[]
  readonly keyOf: (item: Item) => string
  readonly onKeyDown?: KeyboardEventHandler<HTMLTableElement>
  /** The key of the row whose first button gets the focus; cleared once it has it. */
  readonly focusOn?: Signal<string | undefined>
  /** Gets the keys of the rows that are drawn. */
  readonly onDrawn?: (keys: readonly string[]) => void
}

const NO_FOCUS = signal<string | undefined>(undefined)

/**
 * A table with one row per item; of a long one inside an element of the class `scroll`, only the visible rows are drawn.
 * Keep the functions stable, so that only rows with changes render again.
 */
export function Table<Item>({ items, keyOf, onKeyDown, focusOn = NO_FOCUS, onDrawn, ...row }: Props<Item>) {
  const body = useRef<HTMLTableSectionElement>(null)
  const keys = items.map(keyOf)
  const { first, end, above, below } = useRowWindow({ keys, body, target: focusOn })
  const drawn = keys.slice(first, end)
  useEffect(() => onDrawn?.(drawn), [drawn.join()])
  useLayoutEffect(() => focusRow(body.current, focusOn))
  return (
    <table onKeyDown={onKeyDown} aria-rowcount={items.length + 1}>
      <thead>
        <tr>
          {row.columns.map((column, at) => (
            <th key={at} scope="col" class={column.class} aria-sort={column.sorted?.()}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        {above > 0 && <Gap key="above" height={above} columns={row.columns.length} />}
        {items.slice(first, end).map((item, at) => (
          <TableRow key={drawn[at]} name={drawn[at] ?? ''} item={item} place={first + at} {...row} />
        ))}
        {below > 0 && <Gap key="below" height={below} columns={row.columns.length} />}
      </tbody>
    </table>
  )
}

/** As high as the rows that are not drawn. */
function Gap({ height, columns }: { height: number; columns: number }) {
  return (
    <tr class="gap" aria-hidden="true" style={{ height: `${height}px` }}>
      <td colSpan={columns} />
    </tr>
  )
}

function focusRow(body: HTMLElement | null, focusOn: Signal<string | undefined>): void {
  const key = focusOn.value
  if (key === undefined) return
  const row = body?.querySelector(`[data-key="${CSS.escape(key)}"]`)
  row?.querySelector<HTMLElement>('button, a, input')?.focus()
  row?.scrollIntoView({ block: 'nearest' })
  focusOn.value = undefined
}

type RowProps<Item> = RowOptions<Item> & {
  readonly item: Item
  readonly name: string
  /** Its place in the whole table, from 0. */
  readonly place: number
}

function TableRow<Item>({ item, name, place, columns, noteOf, rowProps }: RowProps<Item>) {
  const note = noteOf?.(item)
  const [header, ...others] = columns
  return (
    <>
      <tr data-key={name} aria-rowindex={place + 2} {...rowProps?.(item)}>
        <th scope="row" class={header?.class}>
          {header?.cell(item)}
        </th>
        {others.map((column, at) => (
          <td key={at} class={column.class}>
            {column.cell(item)}
          </td>
        ))}
      </tr>
      {note && (
        <tr class={note.class}>
          <td colSpan={columns.length}>{note.text}</td>
        </tr>
      )}
    </>
  )
}
