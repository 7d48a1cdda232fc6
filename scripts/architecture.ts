type Kind = keyof typeof KINDS
type Box = { readonly at: readonly [x: number, y: number]; readonly kind: Kind; readonly words: readonly string[] }
type Arrow = {
  readonly path: string
  /** A request, drawn with dashes; else a price moves along it. */
  readonly isRequest?: true
  readonly word?: string
  readonly at?: readonly [x: number, y: number]
}

const [WIDTH, HEIGHT] = [1200, 640]
const [BOX_WIDTH, BOX_HEIGHT] = [250, 112]
const [TOP, MIDDLE, BOTTOM] = [104, 276, 448]
const [FIRST, SECOND, THIRD, FOURTH] = [40, 330, 620, 910]

const PAGE = '#0f172a'
const TEXT = '#cbd5e1'
const ARROW = '#f8fafc'
const DASHES = ' stroke-dasharray="5 4"'
const KINDS = {
  inside: { fill: '#0c3350', line: '#38bdf8', what: 'inside: what we do with a price' },
  edge: { fill: '#1e293b', line: '#94a3b8', what: 'edge: whom we talk to' },
  table: { fill: '#12382f', line: '#34d399', what: 'table in PostgreSQL' },
  outside: { fill: PAGE, line: '#64748b', what: 'outside' },
}

/** A title, then lines below it. The path runs along the top to the right, down, and back to the left. */
const BOXES: readonly Box[] = [
  {
    at: [FIRST, TOP],
    kind: 'edge',
    words: ['providers/', 'yfinance, simulated, replay:', 'request, fetch, parse;', 'a price stays text'],
  },
  {
    at: [SECOND, TOP],
    kind: 'inside',
    words: ['prices/ · the one door', 'ask, once for all who wait;', 'check each quote, record it,', 'ring the bell'],
  },
  {
    at: [THIRD, TOP],
    kind: 'edge',
    words: ['postgres/ · record', 'in one transaction: judge,', 'and keep the price with', 'the bytes it came in'],
  },
  {
    at: [FOURTH, TOP],
    kind: 'table',
    words: ['prices · the log', 'append-only, in the order of', '(epoch, xid, id), read up to', 'what is settled'],
  },
  {
    at: [FIRST, MIDDLE],
    kind: 'inside',
    words: ['polling/', 'jobs, claimed before they run:', 'a crash skips a run', 'and never doubles one'],
  },
  {
    at: [SECOND, MIDDLE],
    kind: 'edge',
    words: ['http/', 'prices, averages, lineage;', 'each answer says how old it is;', 'streams resume exactly'],
  },
  {
    at: [THIRD, MIDDLE],
    kind: 'table',
    words: ['moving_averages', 'a pure function', 'of the stored prices,', 'exact'],
  },
  {
    at: [FOURTH, MIDDLE],
    kind: 'inside',
    words: ['averages/', 'recompute what a price', 'has a part in; a sweep', 'heals what was missed'],
  },
  {
    at: [FOURTH, BOTTOM],
    kind: 'edge',
    words: [
      'kafka/ · where there is one',
      'a relay announces each price',
      'on price-events; a group of',
      'consumers is told of it',
    ],
  },
  {
    at: [SECOND, BOTTOM],
    kind: 'outside',
    words: ['who asks', 'the browser, curl, Postman,', 'Prometheus, your program'],
  },
  {
    at: [THIRD, BOTTOM],
    kind: 'edge',
    words: ['market-data verify', 'computes everything again', 'with other code, and compares'],
  },
]

const ARROWS: readonly Arrow[] = [
  { path: 'M290 160 H330' },
  { path: 'M580 160 H620' },
  { path: 'M870 160 H910' },
  { path: 'M1035 216 V276', word: 'what was touched', at: [1045, 250] },
  { path: 'M1160 160 H1180 V504 H1160' },
  { path: 'M1035 448 V388', word: 'what was touched', at: [1045, 424] },
  { path: 'M910 332 H870' },
  { path: 'M620 332 H580' },
  { path: 'M960 216 V246 H530 V276', word: 'every price', at: [700, 239] },
  { path: 'M400 276 V216', isRequest: true, word: 'fetch now', at: [410, 239] },
  { path: 'M165 276 V246 H360 V216', isRequest: true, word: 'when due', at: [175, 239] },
  { path: 'M330 332 H290', isRequest: true, word: 'jobs', at: [298, 320] },
  { path: 'M455 388 V448' },
  { path: 'M745 448 V388', isRequest: true },
]

/** The path of a price as a picture. It brings its own background, so that it reads on light and dark pages. */
export function architecturePicture(): string {
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    '<title>The path of a price: from a provider through the one door into the log, to averages and HTTP</title>',
    `<style>text { font: 15px Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif; fill: ${TEXT} }`,
    `.title { font-weight: 600; font-size: 24px; fill: #fff } .name { font-weight: 600; font-size: 17px; fill: #fff } .word { font-size: 13px; fill: ${TEXT} }</style>`,
    `<marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse">`,
    `<path d="M0 0 L8 4 L0 8 z" fill="${ARROW}"/></marker>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="16" fill="${PAGE}"/>`,
    text([FIRST, 52], 'The path of a price', 'title'),
    ...ARROWS.flatMap(drawArrow),
    ...BOXES.flatMap(drawBox),
    ...Object.values(KINDS).flatMap(drawLegend),
    '</svg>',
  ]
  return `${parts.join('\n')}\n`
}

function drawBox({ at: [x, y], kind, words }: Box): string[] {
  const [name = '', ...lines] = words
  return [
    drawFrame([x, y, BOX_WIDTH, BOX_HEIGHT], kind),
    text([x + 16, y + 30], name, 'name'),
    ...lines.map((line, index) => text([x + 16, y + 54 + 21 * index], line)),
  ]
}

function drawFrame([x, y, width, height]: readonly [number, number, number, number], kind: Kind): string {
  const { fill, line } = KINDS[kind]
  const dashes = kind === 'outside' ? DASHES : ''
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="10" fill="${fill}" stroke="${line}" stroke-width="1.5"${dashes}/>`
}

function drawArrow({ path, isRequest, word, at }: Arrow): string[] {
  const dashes = isRequest ? DASHES : ''
  const line = `<path d="${path}" fill="none" stroke="${ARROW}" stroke-width="1.75"${dashes} marker-end="url(#head)"/>`
  return word === undefined || at === undefined ? [line] : [line, text(at, word, 'word')]
}

function drawLegend({ fill, line, what }: (typeof KINDS)[Kind], index: number): string[] {
  const x = FIRST + 290 * index
  return [
    `<rect x="${x}" y="598" width="16" height="16" rx="4" fill="${fill}" stroke="${line}" stroke-width="1.5"/>`,
    text([x + 26, 611], what, 'word'),
  ]
}

function text([x, y]: readonly [number, number], words: string, className?: string): string {
  return `<text x="${x}" y="${y}"${className === undefined ? '' : ` class="${className}"`}>${words}</text>`
}
