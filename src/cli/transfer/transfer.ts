import { jsonLine } from '../../formats/json-line.ts'
import { copyBody, dumpBody, type TransferredRows } from '../../formats/transfer.ts'
import { count } from '../terminal/progress.ts'

type ToFile = { readonly file: string | undefined; readonly rows: TransferredRows }

/** What a dump or a restore took along. */
export function fileReport(verb: 'Dumped' | 'Restored', { file, rows }: ToFile, json: boolean | undefined): string {
  return json ? jsonLine(dumpBody(file, rows)) : `${verb} ${words(rows)}.\n`
}

type ToServer = { readonly location: string; readonly rows: TransferredRows; readonly isFinished: boolean }

/** What a copy took along, and what is to be done next. */
export function copyReport({ location, rows, isFinished }: ToServer, json: boolean | undefined): string {
  if (json) return jsonLine(copyBody({ location, rows, isFinished }))
  const next = isFinished
    ? `It can serve now: set DATABASE_URL to it. Start no service on the old database any more.`
    : 'It cannot serve yet, since a service works on the old database: stop that, and run this once more.'
  return `Copied ${words(rows)} to ${location}.\n${next}\n`
}

function words({ prices = 0, moving_averages: averages = 0 }: TransferredRows): string {
  return `${count(prices)} prices, ${count(averages)} averages and all that belongs to them`
}
