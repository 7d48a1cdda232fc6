import type { ComponentChildren, HTMLAttributes, KeyboardEventHandler } from 'preact'

/** A column: its header, and the content of a cell. */
export type Column<Item> = {
  readonly title: ComponentChildren
  /** The class of the column's cells, including its header. */
  readonly class?: string
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
}

/** A table with one row per item. Keep the functions stable, so that only rows with changes render again. */
export function Table<Item>({ items, keyOf, onKeyDown, ...row }: Props<Item>) {
  return (
    <table onKeyDown={onKeyDown}>
      <thead>
        <tr>
          {row.columns.map((column, at) => (
            <th key={at} scope="col" class={column.class}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <TableRow key={keyOf(item)} item={item} {...row} />
        ))}
      </tbody>
    </table>
  )
}

function TableRow<Item>({ item, columns, noteOf, rowProps }: RowOptions<Item> & { readonly item: Item }) {
  const note = noteOf?.(item)
  const [header, ...others] = columns
  return (
    <>
      <tr {...rowProps?.(item)}>
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
