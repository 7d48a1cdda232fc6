/** The shape repeats what the colour means, for people who cannot see the colour; text stands beside it. */
export type IconShape = 'full' | 'half' | 'ring' | 'cross' | 'bars'
export type IconTone = 'good' | 'bad' | 'neutral'

const PATHS: Readonly<Record<IconShape, string>> = {
  full: 'M5 1.2a3.8 3.8 0 1 1 0 7.6a3.8 3.8 0 1 1 0-7.6Z',
  half: 'M5 1.2a3.8 3.8 0 1 1 0 7.6a3.8 3.8 0 1 1 0-7.6Zm0 1.2v5.2a2.6 2.6 0 1 0 0-5.2Z',
  ring: 'M5 1.2a3.8 3.8 0 1 1 0 7.6a3.8 3.8 0 1 1 0-7.6Zm0 1.3a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5Z',
  cross: 'M2.2 1.1 5 3.9l2.8-2.8 1.1 1.1L6.1 5l2.8 2.8-1.1 1.1L5 6.1 2.2 8.9 1.1 7.8 3.9 5 1.1 2.2Z',
  bars: 'M2 1.4h2.1v7.2H2Zm3.9 0H8v7.2H5.9Z',
}

/** A status: its icon, and the text beside it. */
export type Status = readonly [IconShape, IconTone, text: string]

/** A status with its text. */
export function StatusLabel({ status }: { status: Status }) {
  const [shape, tone, text] = status
  return (
    <span class="status">
      <StatusIcon shape={shape} tone={tone} />
      {text}
    </span>
  )
}

/** The icon alone, hidden from screen readers: give it a text. */
export function StatusIcon({ shape, tone }: { shape: IconShape; tone: IconTone }) {
  return (
    <svg class="status-icon" data-tone={tone} viewBox="0 0 10 10" aria-hidden="true">
      <path d={PATHS[shape]} fill-rule="evenodd" />
    </svg>
  )
}
