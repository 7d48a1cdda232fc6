// `npm run docs`: writes the documents that are generated from code. test/docs.test.ts fails if one is out of date.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generatedDocs } from './generated-docs.ts'

const root = new URL('..', import.meta.url)

for (const [path, text] of await generatedDocs()) {
  const file = new URL(path, root)
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
  writeFileSync(file, text)
  console.log(`wrote ${path}`)
  if (path.endsWith('.svg')) drawPng(fileURLToPath(file))
}

/** For viewers that cannot show SVG. `CHROMIUM` names the browser to use. */
function drawPng(svg: string): void {
  const size = /width="(\d+)" height="(\d+)"/.exec(readFileSync(svg, 'utf8'))?.slice(1).join() ?? ''
  const png = svg.replace(/svg$/, 'png')
  const flags = ['--headless', '--no-sandbox', '--hide-scrollbars', '--default-background-color=00000000']
  const drawing = ['--force-device-scale-factor=2', `--window-size=${size}`, `--screenshot=${png}`, svg]
  const { status } = spawnSync(process.env['CHROMIUM'] ?? 'chromium', [...flags, ...drawing], { timeout: 60_000 })
  console.log(status === 0 ? `drew ${png}` : `could not draw ${png}: Chromium is not installed`)
}
