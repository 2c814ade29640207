import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

import { Low } from 'lowdb'
import { JSONFile } from 'lowdb/node'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'

/** The roots of one type as they were last fetched. Subject, end and fingerprint are there for people who look. */
const RootSet = Type.Object({
  fetchedAt: Type.String(),
  certificates: Type.Array(
    Type.Object({
      subject: Type.String(),
      validTo: Type.String(),
      fingerprintSha256: Type.String(),
      /** Base64 of DER. */
      certificate: Type.String(),
    }),
  ),
})
export type RootSet = Static<typeof RootSet>

const RootFileContent = Type.Object({
  version: Type.Literal(1),
  rootTypes: Type.Object({
    V2G: Type.Optional(RootSet),
    OEM: Type.Optional(RootSet),
    MO: Type.Optional(RootSet),
  }),
})
export type RootFileContent = Static<typeof RootFileContent>

const EMPTY: RootFileContent = { version: 1, rootTypes: {} }

/** The file that keeps the roots over a restart: JSON, replaced as a whole so that a crash leaves the old or the new one. */
export class RootFile {
  readonly #low: Low
  readonly #file: string

  constructor(file: string) {
    this.#file = file
    this.#low = new Low(new JSONFile(file), EMPTY)
  }

  /** A file that is not there is empty. Rejects when it cannot be read or is not what {@link write} wrote. */
  async read(): Promise<RootFileContent> {
    await this.#low.read()
    const { data } = this.#low
    if (!Value.Check(RootFileContent, data))
      throw new TypeError(`${this.#file} does not hold root certificates`)
    return data
  }

  async write(content: RootFileContent): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true })
    this.#low.data = content
    await this.#low.write()
  }
}
