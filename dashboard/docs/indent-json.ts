/** A text, a bracket, a separator, or anything else up to the next of them. */
const TOKENS = /"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+/g

/** Indents JSON without parsing it: every number keeps its digits. */
export function indentJson(text: string): string {
  let [depth, result] = [0, '']
  const newLine = () => `\n${'  '.repeat(depth)}`
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '}' || token === ']') {
      depth -= 1
      result += /[{[]$/.test(result) ? token : newLine() + token
    } else {
      const opened = /[{[]$/.test(result) || result.endsWith(',')
      result += (opened ? newLine() : '') + token + (token === ':' ? ' ' : '')
      if (token === '{' || token === '[') depth += 1
    }
  }
  return result
}
