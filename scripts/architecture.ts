import { BASE_FOLDER, MAY_IMPORT } from './rooms.ts'

type Table = Readonly<Record<string, readonly string[]>>
type Point = readonly [x: number, y: number]
type Kind = keyof typeof KINDS

type Box = {
  /** A room of the import rule. */
  readonly room: string
  readonly at: Point
  readonly size: Point
  readonly lines: readonly string[]
}

type Arrow = {
  readonly from: string
  readonly to: string
  /** Vertical and horizontal lines, from the border of one box to that of the other. */
  readonly path: string
  /** Drawn dashed: one room calls the other. Otherwise prices, or what is computed from them, move along the arrow. */
  readonly isRequest?: boolean
  readonly label?: string
  readonly at?: Point
}

const [WIDTH, HEIGHT] = [1320, 776]
const LARGE = [216, 108] as const
const SMALL = [141, 84] as const
const [TOP, MIDDLE, STORE, SUPPORT] = [112, 300, 488, 620]
const COLUMNS = [40, 296, 552, 808, 1064] as const

const PAGE = '#0f172a'
const TEXT = '#cbd5e1'
const ARROW = '#f8fafc'
const DASHES = ' stroke-dasharray="5 4"'
const KINDS = {
  core: { fill: '#0c3350', border: '#38bdf8', what: 'core: the rules, without I/O' },
  edge: { fill: '#1e293b', border: '#94a3b8', what: 'edge: speaks to one outside party' },
  shared: { fill: '#12382f', border: '#34d399', what: 'shared by all, and the wiring' },
}

/** Rooms of a single file, which the picture omits. */
const FILES: ReadonlySet<string> = new Set(['errors', 'main'])

const BOXES: readonly Box[] = [
  large(
    'providers',
    [COLUMNS[1], TOP],
    ['Request, fetch, parse:', 'Yahoo, simulated, replay,', 'CSV; prices stay exact'],
  ),
  large('kafka', [COLUMNS[2], TOP], ['Optional: a relay publishes', 'each price; a group of', 'consumers reads them']),
  large('cli', [COLUMNS[3], TOP], ['Commands for people:', 'fetch, history, watch,', 'verify, dump, copy, …']),
  large('http', [COLUMNS[4], TOP], ['Prices, averages, lineage;', 'streams that can resume;', 'the dashboard']),
  large(
    'core/polling',
    [COLUMNS[0], MIDDLE],
    ['Fetches at an interval. A run', 'that a crash cuts short runs', 'again, so it may run twice'],
  ),
  large(
    'core/ingest',
    [COLUMNS[1], MIDDLE],
    ['The only way in for a price:', 'validate it, decide whether', 'it is a new revision'],
  ),
  large(
    'core/averages',
    [COLUMNS[2], MIDDLE],
    ['Recompute every average', 'that a price changes; a', 'sweep finds missed ones'],
  ),
  large(
    'core/log',
    [COLUMNS[3], MIDDLE],
    ['Followed in order from a', 'saved checkpoint up to', 'the high-water mark'],
  ),
  large(
    'core/prices',
    [COLUMNS[4], MIDDLE],
    ['Latest price, history, age,', 'and the raw reply behind', 'every price'],
  ),
  {
    room: 'postgres',
    at: [COLUMNS[0], STORE],
    size: [WIDTH - 2 * COLUMNS[0], 92],
    lines: [
      'One transaction stores a price together with the raw reply that it came in. The table prices is append-only, and it is the log.',
      'Averages are recomputed from it in one statement. Checkpoints, jobs, leases and keys are tables too. Embedded, or your own server.',
    ],
  },
  small('core/events', 0, ['price references,', 'dead letters']),
  small('core/cluster', 1, ['roles, leases,', 'leaders']),
  small('core/access', 2, ['API keys, scopes']),
  small('core/health', 3, ['status, results', 'of verify']),
  small('core/calendar', 4, ['sessions of', 'exchanges']),
  small('formats', 5, ['how each noun is', 'written as JSON']),
  small('lib', 6, ['decimals, time,', 'retry, deadline']),
  small('app', 7, ['configuration,', 'wiring, workers']),
]

const ARROWS: readonly Arrow[] = [
  { from: 'providers', to: 'core/ingest', path: 'M404 220 V300', label: 'quotes', at: [412, 264] },
  { from: 'core/ingest', to: 'postgres', path: 'M404 408 V488', label: 'price and raw reply', at: [412, 452] },
  { from: 'postgres', to: 'core/log', path: 'M916 488 V408', label: 'stored prices, in order', at: [924, 452] },
  { from: 'core/log', to: 'core/averages', path: 'M808 354 H768' },
  { from: 'core/log', to: 'kafka', path: 'M860 300 V258 H730 V220', label: 'each price', at: [738, 278] },
  { from: 'kafka', to: 'core/averages', path: 'M600 220 V300', label: 'messages', at: [608, 278] },
  { from: 'core/averages', to: 'postgres', path: 'M660 408 V488', label: 'averages', at: [668, 452] },
  { from: 'core/log', to: 'cli', path: 'M916 300 V220', label: 'watch', at: [924, 278] },
  { from: 'core/log', to: 'http', path: 'M980 300 V258 H1110 V220', label: 'streams', at: [1000, 250] },
  { from: 'postgres', to: 'core/prices', path: 'M1172 488 V408', label: 'queries', at: [1180, 452] },
  { from: 'core/prices', to: 'http', path: 'M1172 300 V220' },
  { from: 'postgres', to: 'core/polling', path: 'M148 488 V408', label: 'due jobs', at: [156, 452] },
  { from: 'core/polling', to: 'core/ingest', path: 'M256 354 H296', isRequest: true },
  { from: 'http', to: 'core/polling', path: 'M1220 112 V80 H148 V300', isRequest: true, label: 'jobs', at: [156, 264] },
  {
    from: 'http',
    to: 'core/ingest',
    path: 'M1150 112 V94 H276 V258 H340 V300',
    isRequest: true,
    label: 'fetch now',
    at: [282, 250],
  },
]

/**
 * The path of a price through the rooms of `src`, as SVG. It has its own background, so it is readable on light and dark
 * pages.
 * @throws Error if the picture and the import rule disagree; see `contradictions`
 */
export function architecturePicture(mayImport: Table = MAY_IMPORT): string {
  const wrong = contradictions(mayImport)
  if (wrong.length > 0) throw new Error(`The picture of the architecture is wrong: ${wrong.join('; ')}`)
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    '<title>The path of a price: from a provider through core/ingest into the log, to averages, Kafka and HTTP</title>',
    `<style>text { font: 14px Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif; fill: ${TEXT} }`,
    `.title { font-weight: 600; font-size: 24px; fill: #fff } .name { font-weight: 600; font-size: 16px; fill: #fff } .label { font-size: 13px; fill: ${TEXT} }</style>`,
    `<marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse">`,
    `<path d="M0 0 L8 4 L0 8 z" fill="${ARROW}"/></marker>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="16" fill="${PAGE}"/>`,
    text([COLUMNS[0], 52], 'The path of a price', 'title'),
    ...ARROWS.flatMap(drawArrow),
    ...BOXES.flatMap(drawBox),
    ...Object.values(KINDS).flatMap(drawKind),
    ...drawArrowKinds(),
    '</svg>',
  ]
  return `${parts.join('\n')}\n`
}

/**
 * Contradictions between the picture and the import rule. Each folder of the rule must be drawn, and nothing else. An
 * arrow joins two rooms of which one may import the other; a request points from the importing room to the imported one.
 */
function contradictions(mayImport: Table): string[] {
  const drawn = new Set(BOXES.map(({ room }) => room))
  const rooms = new Set(Object.keys(mayImport).filter((room) => !FILES.has(room)))
  const imports = (from: string, to: string) => mayImport[from]?.includes(to) === true
  return [
    ...[...rooms.difference(drawn)].map((room) => `${room} is not drawn`),
    ...[...drawn.difference(rooms)].map((room) => `${room} is drawn, but is no room`),
    ...ARROWS.filter(({ from, to, isRequest }) => !imports(from, to) && (isRequest || !imports(to, from))).map(
      ({ from, to }) => `an arrow leads from ${from} to ${to}, which may not import each other that way`,
    ),
    ...ARROWS.filter((arrow) => !joinsItsBoxes(arrow)).map(({ from, to }) => `no line joins ${from} and ${to}`),
  ]
}

function joinsItsBoxes({ from, to, path }: Arrow): boolean {
  const points = pointsOf(path)
  return touches(from, points[0]) && touches(to, points.at(-1))
}

function touches(room: string, point: Point | undefined): boolean {
  return point !== undefined && BOXES.some((box) => box.room === room && isOnBorder(box, point))
}

/** The corners of a path of `M x y`, `H x` and `V y`. */
function pointsOf(path: string): Point[] {
  const points: Point[] = []
  for (const [, command, first = '', second = ''] of path.matchAll(/([MHV])(\d+)(?: (\d+))?/g)) {
    const [x, y] = points.at(-1) ?? [0, 0]
    if (command === 'M') points.push([Number(first), Number(second)])
    else points.push(command === 'H' ? [Number(first), y] : [x, Number(first)])
  }
  return points
}

function isOnBorder({ at: [left, top], size: [width, height] }: Box, [x, y]: Point): boolean {
  const isWithin = x >= left && x <= left + width && y >= top && y <= top + height
  return isWithin && (x === left || x === left + width || y === top || y === top + height)
}

function large(room: string, at: Point, lines: readonly string[]): Box {
  return { room, at, size: LARGE, lines }
}

function small(room: string, index: number, lines: readonly string[]): Box {
  return { room, at: [COLUMNS[0] + (SMALL[0] + 16) * index, SUPPORT], size: SMALL, lines }
}

function kindOf(room: string): Kind {
  if (room.startsWith('core/')) return 'core'
  return room in BASE_FOLDER ? 'edge' : 'shared'
}

function drawBox({ room, at: [x, y], size: [width, height], lines }: Box): string[] {
  const { fill, border } = KINDS[kindOf(room)]
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="10" fill="${fill}" stroke="${border}" stroke-width="1.5"/>`,
    text([x + 14, y + 28], room, 'name'),
    ...lines.map((each, index) => text([x + 14, y + 50 + 20 * index], each)),
  ]
}

function drawArrow({ path, isRequest = false, label, at }: Arrow): string[] {
  return [line(path, isRequest), ...(label === undefined || at === undefined ? [] : [text(at, label, 'label')])]
}

function line(path: string, isDashed: boolean): string {
  const dashes = isDashed ? DASHES : ''
  return `<path d="${path}" fill="none" stroke="${ARROW}" stroke-width="1.75"${dashes} marker-end="url(#head)"/>`
}

function drawKind({ fill, border, what }: (typeof KINDS)[Kind], index: number): string[] {
  const x = COLUMNS[0] + 256 * index
  return [
    `<rect x="${x}" y="732" width="16" height="16" rx="4" fill="${fill}" stroke="${border}" stroke-width="1.5"/>`,
    text([x + 26, 745], what, 'label'),
  ]
}

function drawArrowKinds(): string[] {
  return [
    line('M840 740 H880', false),
    text([890, 745], 'data', 'label'),
    line('M960 740 H1000', true),
    text([1010, 745], 'request', 'label'),
  ]
}

function text([x, y]: Point, content: string, className?: string): string {
  return `<text x="${x}" y="${y}"${className === undefined ? '' : ` class="${className}"`}>${content}</text>`
}
