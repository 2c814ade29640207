import { access, constants, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { CRL_BYTES_MAX } from './certificate-revocation-list.ts'

/** Evidence as it was fetched, by name. */
export interface EvidenceStore {
  /** `undefined` when there is none; evidence that cannot be read is none. */
  read(name: string): Promise<Uint8Array | undefined>
  /** Replaces what had the name, whole or not at all. Rejects when it could not. */
  write(name: string, der: Uint8Array): Promise<void>
  delete(name: string): Promise<void>
}

/** Certificates of a site: its own chains, and the contracts that come by. */
const ENTRIES_MAX = 5_000
const NAME = /^[0-9a-f]{64}\.(?:ocsp|crl)$/

/**
 * A folder of DER files that other tools can read (`openssl ocsp -respin`, `openssl crl`). It is not trusted: whoever
 * reads from it verifies again, so that whoever writes into it can only make evidence disappear or bring back older one.
 * Over `entriesMax` the files written longest ago go.
 */
export class EvidenceFolder implements EvidenceStore {
  readonly #directory: string
  readonly #entriesMax: number
  /** Oldest first. */
  readonly #names: Set<string>
  #writes = 0

  private constructor(directory: string, names: readonly string[], entriesMax: number) {
    this.#directory = directory
    this.#names = new Set(names)
    this.#entriesMax = entriesMax
  }

  /**
   * Makes the folder when it is not there, and clears it of what a crash has left half written. Rejects with the
   * system's error when it cannot be made, read or written.
   */
  static async open(
    directory: string,
    { entriesMax = ENTRIES_MAX }: { readonly entriesMax?: number } = {},
  ): Promise<EvidenceFolder> {
    await mkdir(directory, { recursive: true })
    await access(directory, constants.W_OK)
    const files = await readdir(directory)
    for (const file of files.filter((name) => name.endsWith('.tmp'))) await rm(join(directory, file))
    const dated = await Promise.all(
      files
        .filter((name) => NAME.test(name))
        .map(async (name) => ({ name, writtenAtMs: (await stat(join(directory, name))).mtimeMs })),
    )
    const names = dated.toSorted((a, b) => a.writtenAtMs - b.writtenAtMs).map(({ name }) => name)
    const folder = new EvidenceFolder(directory, names, entriesMax)
    await folder.#dropOldest()
    return folder
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    if (!this.#names.has(name)) return undefined
    try {
      await using file = await open(join(this.#directory, name))
      const { size } = await file.stat()
      return size > CRL_BYTES_MAX ? undefined : new Uint8Array(await file.readFile())
    } catch {
      return undefined
    }
  }

  async write(name: string, der: Uint8Array): Promise<void> {
    if (!NAME.test(name)) throw new TypeError(`${name} is no name of evidence`)
    const file = join(this.#directory, name)
    const temporary = `${file}.${process.pid}-${++this.#writes}.tmp`
    await writeFile(temporary, der)
    await rename(temporary, file)
    this.#names.delete(name)
    this.#names.add(name)
    await this.#dropOldest()
  }

  async delete(name: string): Promise<void> {
    if (this.#names.delete(name)) await rm(join(this.#directory, name), { force: true })
  }

  async #dropOldest(): Promise<void> {
    for (const name of this.#names) {
      if (this.#names.size <= this.#entriesMax) return
      await this.delete(name)
    }
  }
}
