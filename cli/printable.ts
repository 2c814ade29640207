/**
 * Text from outside as it may be shown on a terminal: control and formatting characters, which could move the cursor
 * or reverse what stands beside them, become escapes such as `\u{1b}`.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}
