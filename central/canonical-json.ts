/**
 * The one text of a JSON value: members sorted by their names, no white space (RFC 8785, for values whose numbers are
 * integers). What is signed or hashed is this, so that whoever has the value can make the same bytes.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    const sorted = Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(sorted)
  })
}
