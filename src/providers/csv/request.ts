import type { Dialect } from './dialect.ts'
import { formatCsvOptions, parseCsvOptions, type CsvOptions } from './options.ts'

const WITH_OPTIONS = /^import (--.*?) -- /

/**
 * The request of the lines of a file: how it was read, so that the lines can be read again when more is recognised than now.
 * `import prices.csv`, or `import --symbol AAPL --preset yfinance -- aapl.csv`.
 */
export function importRequest(name: string, options: CsvOptions, dialect: Dialect): string {
  const text = formatCsvOptions(recognised(options, dialect))
  return text === '' ? `import ${name}` : `import ${text} -- ${name}`
}

/** The options that were given, with what was recognised beyond a plain file. */
export function recognised(options: CsvOptions, { preset, shape, decimalComma }: Dialect): CsvOptions {
  return {
    ...options,
    ...(preset === undefined ? {} : { preset }),
    ...(shape.delimiter === ',' ? {} : { delimiter: shape.delimiter }),
    ...(decimalComma ? { decimalComma } : {}),
  }
}

/** @throws ServiceError for options that this version does not know */
export function optionsOfRequest(request: string): CsvOptions {
  return parseCsvOptions(WITH_OPTIONS.exec(request)?.[1] ?? '')
}
