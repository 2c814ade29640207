/** The members of a list option: separated by commas; an empty text is the empty list, and absent stays absent. */
export function listOf(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  return text === '' ? [] : text.split(',').map((member) => member.trim())
}

/** A text that an empty one takes away. */
export function textOrNone(text: string | undefined): string | null | undefined {
  return text === '' ? null : text
}
