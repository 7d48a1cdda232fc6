export type Delimiter = ',' | ';' | '\t' | '|'

/** What can separate columns, with the names that people use for it. */
export const DELIMITERS: readonly { readonly character: Delimiter; readonly name: string; readonly plural: string }[] =
  [
    { character: ',', name: 'comma', plural: 'commas' },
    { character: ';', name: 'semicolon', plural: 'semicolons' },
    { character: '\t', name: 'tab', plural: 'tabs' },
    { character: '|', name: 'pipe', plural: 'vertical bars' },
  ]

/** By its name, or the character itself. */
export function delimiterOf(text: string): Delimiter | undefined {
  const name = text === '\\t' ? '\t' : text
  return DELIMITERS.find((one) => one.character === name || one.name === name.toLowerCase())?.character
}

/** What splits a text into lines, and lines into fields. */
export type Shape = { readonly lineEnd: '\n' | '\r'; readonly delimiter: Delimiter }

/** By the first line end of a text: a carriage return alone, as Excel for Mac writes it, or a line feed. */
export function recogniseLineEnd(head: Buffer): Shape['lineEnd'] {
  const at = head.indexOf('\r')
  const feed = head.indexOf('\n')
  if (at < 0 || (feed >= 0 && feed <= at + 1)) return '\n'
  return '\r'
}

const SIGNATURES: readonly (readonly [start: string, looks: string])[] = [
  ['PK\u0003\u0004', 'it is an Excel workbook or a ZIP archive: save it as CSV'],
  ['\u00d0\u00cf\u0011\u00e0', 'it is an old Excel workbook: save it as CSV'],
  ['PAR1', 'it is a Parquet file: write it as CSV'],
  ['<', 'it is a web page or XML, not CSV'],
  ['{', 'it is JSON, not CSV'],
  ['[{', 'it is JSON, not CSV'],
  ['[[', 'it is JSON, not CSV'],
]

/** What a file looks like that is no CSV; undefined if it may be one. */
export function looksLikeOther(head: Buffer): string | undefined {
  const start = head.subarray(0, 1_000).toString('latin1')
  if (start.includes('\0') && !start.startsWith('PK')) {
    return 'it is no text: UTF-8, or UTF-16 with a byte order mark, is needed'
  }
  // The names of stooq are in angle brackets.
  if (/^<[A-Z]+>\W/.test(start)) return undefined
  return SIGNATURES.find(([signature]) => start.trimStart().startsWith(signature))?.[1]
}
