// Writes the pages that are made from code. `npm run docs`; test/docs.test.ts fails when one is out of date.
import { writeFileSync } from 'node:fs'
import { generatedDocs } from './generated-docs.ts'

for (const [path, text] of await generatedDocs()) writeFileSync(new URL(`../${path}`, import.meta.url), text)
