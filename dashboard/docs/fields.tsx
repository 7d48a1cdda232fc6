import type { OpenApi, Parameter } from './document.ts'
import { Prose } from './prose.tsx'
import { typeText } from './schema-view.tsx'

type Needs = {
  readonly document: OpenApi
  readonly parameter: Parameter
  readonly value: string
  onInput(value: string): void
}

/** One parameter. An optional one is empty, and shows its example as a placeholder. */
export function Field({ document, parameter, value, onInput }: Needs) {
  const { name, required = false, description, example, schema } = parameter
  const choices = choicesOf(parameter)
  const read = ({ currentTarget }: { currentTarget: HTMLInputElement | HTMLSelectElement }) =>
    onInput(currentTarget.value)
  return (
    <label class="field">
      <span class="name">
        <code>{name}</code> <span class="type">{choices ? '' : typeText(document, schema)}</span>
        {required && <span class="type"> required</span>}
      </span>
      {choices ? (
        <select name={name} required={required} value={value} onInput={read}>
          <option value="">{schema.default === undefined ? '' : `${String(schema.default)} (default)`}</option>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : (
        <input
          name={name}
          required={required}
          value={value}
          onInput={read}
          placeholder={placeholderOf(parameter)}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
        />
      )}
      <span class="help">
        <Prose text={description ?? schema.description} />
        {example === undefined && required && value === '' ? 'This service has none yet.' : ''}
      </span>
    </label>
  )
}

function choicesOf({ schema }: Parameter): readonly string[] | undefined {
  if (schema.type === 'boolean') return ['true', 'false']
  if ('const' in schema) return [String(schema.const)]
  return schema.enum?.map(String)
}

function placeholderOf({ example, schema }: Parameter): string {
  const value = example ?? schema.default ?? schema.examples?.[0]
  return value === undefined ? '' : String(value)
}
