/** The number of rows of each table that were transferred. */
export type TransferredRows = Readonly<Record<string, number>>

/** @param file undefined for standard output or input */
export function dumpBody(file: string | undefined, rows: TransferredRows): object {
  return { file: file ?? null, rows }
}

type Copy = { readonly location: string; readonly rows: TransferredRows; readonly isFinished: boolean }

export function copyBody({ location, rows, isFinished }: Copy): object {
  return { to: location, rows, finished: isFinished }
}
