/**
 * The same function, which computes the result for each object only once and keeps it for as long as the object exists.
 * The function must be pure, and its objects must not change. What it throws is not kept.
 */
export function memoizeByObject<Given extends object, Result extends object | number | string>(
  compute: (given: Given) => Result,
): (given: Given) => Result {
  const results = new WeakMap<Given, Result>()
  return (given) => {
    const known = results.get(given)
    if (known !== undefined) return known
    const result = compute(given)
    results.set(given, result)
    return result
  }
}
