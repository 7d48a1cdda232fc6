import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { GivenPrice } from '../support/scripted-provider.ts'
import { until } from '../support/until.ts'

const FOLDER = join(import.meta.dirname, '../fixtures/chart')

/** The prices of a CSV file, `symbol,timestamp,price,currency`. */
export function pricesOf(fileName: string): readonly Partial<GivenPrice>[] {
  const [, ...lines] = readFileSync(join(FOLDER, fileName), 'utf8').trim().split('\n')
  return lines.map((line) => {
    const [symbol, time, price, currency] = line.trim().split(',')
    return { symbol, time, price, currency } as Partial<GivenPrice>
  })
}

/** Reads every point of the drawn chart as a person with a keyboard would: its prices, oldest first, from its legend. */
export async function readPoints(page: Page): Promise<readonly string[]> {
  await page.locator('.canvas').focus()
  for (const key of ['PageDown', 'PageDown', 'ArrowRight']) await page.keyboard.press(key)
  const points: string[] = []
  for (let before = ''; ; await page.keyboard.press('ArrowLeft')) {
    const [time, price] = await page.evaluate<[string, string]>(READING)
    if (time === before) return points.toReversed()
    points.push(price)
    before = time
  }
}

const READING = `[document.querySelector('.chart time')?.textContent ?? '',
  [...document.querySelectorAll('.key[data-line=price] b')].map(({ textContent }) => textContent).join(' ').trim()]`

/** Waits until the chart has exactly these prices, oldest first. */
export async function untilPoints(page: Page, expected: readonly string[]): Promise<void> {
  await until(
    async () => JSON.stringify(await readPoints(page)) === JSON.stringify(expected),
    `the chart has ${expected.join(', ')}`,
  )
}
