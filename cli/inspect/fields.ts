import { hexFromBytes } from '#base'

/** Flattens a message body to `path → text`, bytes as hex: lists are numbered, simple content stands at its element. */
export function fieldsOf(value: unknown, path = ''): Record<string, string> {
  if (value instanceof Uint8Array) return { [path]: hexFromBytes(value) }
  if (Array.isArray(value))
    return merged(value.map((item: unknown, index) => fieldsOf(item, `${path}[${index}]`)))
  if (typeof value === 'object' && value !== null)
    return merged(
      Object.entries(value).map(([key, member]: [string, unknown]) =>
        fieldsOf(member, key === '$value' ? path : path === '' ? key : `${path}.${key}`),
      ),
    )
  return { [path]: String(value) }
}

function merged(parts: readonly Record<string, string>[]): Record<string, string> {
  return Object.fromEntries(parts.flatMap((part) => Object.entries(part)))
}
