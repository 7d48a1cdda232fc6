import { resolve, type OpenApi, type Schema } from './document.ts'
import { Prose } from './prose.tsx'

type Shown = { readonly document: OpenApi; readonly schema: Schema; readonly depth?: number }

/** Deeper members are left to the document itself. */
const MAX_DEPTH = 4

/** The members of a body, each with its type and description. */
export function SchemaView({ document, schema, depth = 0 }: Shown) {
  const shape = resolve(document, schema)
  if (depth > MAX_DEPTH) return null
  if (shape.anyOf)
    return (
      <>
        {shape.anyOf.map((one, at) => (
          <SchemaView key={at} document={document} schema={one} depth={depth} />
        ))}
      </>
    )
  if (shape.items) return <SchemaView document={document} schema={shape.items} depth={depth} />
  const required = new Set(shape.required)
  const members = Object.entries(shape.properties ?? {})
  if (members.length === 0) return null
  return (
    <dl class="members">
      {members.map(([name, member]) => (
        <div key={name}>
          <dt>
            <code>{name}</code> <span class="type">{typeText(document, member)}</span>
            {required.has(name) || <span class="type"> · optional</span>}
          </dt>
          <dd>
            <Prose text={resolve(document, member).description} />
            <SchemaView document={document} schema={member} depth={depth + 1} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** `text`, `number`, `list of Price`, `a or b`. */
export function typeText(document: OpenApi, schema: Schema): string {
  const shape = resolve(document, schema)
  if (shape.enum) return shape.enum.map(String).join(' | ')
  if ('const' in shape) return String(shape.const)
  if (shape.anyOf) return [...new Set(shape.anyOf.map((one) => typeText(document, one)))].join(' or ')
  if (shape.items) return `list of ${typeText(document, shape.items)}`
  if (shape.type === 'object') return shape.title ?? 'object'
  return shape.type === 'string' ? 'text' : (shape.type ?? 'any')
}
