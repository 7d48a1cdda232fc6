const figures = new Intl.NumberFormat('en')

/** `5,000`; with a noun `1 symbol`, `5,000 symbols`. */
export function countText(count: number, noun?: string): string {
  if (noun === undefined) return figures.format(count)
  return `${figures.format(count)} ${noun}${count === 1 ? '' : 's'}`
}
