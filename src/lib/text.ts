/** Text of others that is stored or shown: control characters, and halves of surrogate pairs, which no database takes, are left out. */
export function plainText(text: string, maxLength: number): string {
  // oxlint-disable-next-line no-control-regex
  const shown = text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+|\p{Surrogate}/gu, ' ').trim()
  return shown.length <= maxLength ? shown : `${shown.slice(0, maxLength - 1).replace(/\p{Surrogate}$/u, '')}…`
}
