type Plain = string | number | boolean | null | undefined

/**
 * An array as the text of a parameter, for elements that never need quotes: ids, moments, decimals, booleans, our own words.
 * pg looks at each character of each element for what does, which is much where there are hundreds.
 */
export function arrayText(values: readonly Plain[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`
}
