import { AuditError } from './audit-error.ts'
import { FIRST_HASH, hashOf } from './audit-record.ts'
import type { AuditHead } from './audit-store.ts'

/** As `lineOf` writes it; the record itself is covered by its hash to the byte. */
const LINE = /^\{"hash":"([0-9a-f]{64})","prevHash":"([0-9a-f]{64})","record":(\{.*\})\}$/

/**
 * Verifies that the lines of an export are the chain from its first record on, with nothing changed, left out or moved.
 * Gives the last one: whether records after it are missing is told by comparing it with what was kept elsewhere.
 *
 * @throws {AuditError} that names the first broken record
 */
export async function verifyChain(lines: AsyncIterable<string> | Iterable<string>): Promise<AuditHead> {
  let head: AuditHead = { seq: 0, hash: FIRST_HASH }
  for await (const line of lines) head = following(head, line)
  return head
}

function following({ seq: before, hash: previous }: AuditHead, line: string): AuditHead {
  const seq = before + 1
  const [, hash, prevHash, record] = LINE.exec(line) ?? []
  if (hash === undefined || prevHash === undefined || record === undefined)
    throw broken(seq, 'it is not the line of a record')
  if (prevHash !== previous) throw broken(seq, 'it does not follow the record before it')
  if (hash !== hashOf(record, prevHash)) throw broken(seq, 'it does not have its hash')
  if (seqOf(record) !== seq) throw broken(seq, 'it has another number')
  return { seq, hash }
}

function seqOf(record: string): unknown {
  try {
    const { seq }: { readonly seq?: unknown } = JSON.parse(record)
    return seq
  } catch {
    return undefined
  }
}

function broken(seq: number, why: string): AuditError {
  return new AuditError('ERR_AUDIT_BROKEN', `record ${seq} of the chain is broken: ${why}`)
}
