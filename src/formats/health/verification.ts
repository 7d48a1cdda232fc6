import type { Verification } from '../../core/health/verification.ts'

/** Numbers of the differences stay text: readers compare their last digit, which most JSON parsers lose. */
export function verificationBody(found: Verification): object {
  return {
    checked_prices: found.checkedPrices,
    checked_averages: found.checkedAverages,
    other_parser_version: found.otherParserVersion,
    lagging: found.lagging,
    difference_count: found.differenceCount,
    differences: found.differences,
  }
}
