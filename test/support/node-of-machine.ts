import { existsSync } from 'node:fs'
import { delimiter, join, sep } from 'node:path'

/** npm puts our own Node first on the path; the machine's Node is the next one. */
export function nodeOfMachine(): string {
  const folders = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes(`${sep}node_modules${sep}`))
  return folders.map((folder) => join(folder, 'node')).find((path) => existsSync(path)) ?? process.execPath
}
