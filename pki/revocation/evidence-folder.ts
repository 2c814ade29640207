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
/** Any CA below a trusted root may have many large CRLs. */
const FOLDER_BYTES_MAX = 512 * 1024 * 1024
interface FolderLimits {
  readonly entriesMax: number
  readonly bytesMax: number
}

const NAME = /^[0-9a-f]{64}\.(?:ocsp|crl)$/

/**
 * A folder of DER files that other tools can read (`openssl ocsp -respin`, `openssl crl`). It is not trusted: whoever
 * reads from it verifies again, so that whoever writes into it can only make evidence disappear or bring back older one.
 * Over `entriesMax` or `bytesMax` the files written longest ago go.
 */
export class EvidenceFolder implements EvidenceStore {
  readonly #directory: string
  readonly #limits: FolderLimits
  /** The bytes of each file; oldest first. */
  readonly #sizes: Map<string, number>
  #writes = 0

  private constructor(directory: string, sizes: Map<string, number>, limits: FolderLimits) {
    this.#directory = directory
    this.#sizes = sizes
    this.#limits = limits
  }

  /**
   * Makes the folder when it is not there, and clears it of what a crash has left half written. Rejects with the
   * system's error when it cannot be made, read or written.
   */
  static async open(
    directory: string,
    { entriesMax = ENTRIES_MAX, bytesMax = FOLDER_BYTES_MAX }: Partial<FolderLimits> = {},
  ): Promise<EvidenceFolder> {
    await mkdir(directory, { recursive: true })
    await access(directory, constants.W_OK)
    const files = await readdir(directory)
    for (const file of files.filter((name) => name.endsWith('.tmp'))) await rm(join(directory, file))
    const found = await Promise.all(
      files
        .filter((name) => NAME.test(name))
        .map(async (name) => ({ name, facts: await stat(join(directory, name)) })),
    )
    const sizes = new Map(
      found
        .toSorted((a, b) => a.facts.mtimeMs - b.facts.mtimeMs)
        .map(({ name, facts }) => [name, facts.size]),
    )
    const folder = new EvidenceFolder(directory, sizes, { entriesMax, bytesMax })
    await folder.#dropOldest()
    return folder
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    if (!this.#sizes.has(name)) return undefined
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
    this.#sizes.delete(name)
    this.#sizes.set(name, der.length)
    await this.#dropOldest()
  }

  async delete(name: string): Promise<void> {
    if (this.#sizes.delete(name)) await rm(join(this.#directory, name), { force: true })
  }

  async #dropOldest(): Promise<void> {
    const { entriesMax, bytesMax } = this.#limits
    let bytes = [...this.#sizes.values()].reduce((sum, size) => sum + size, 0)
    for (const [name, size] of this.#sizes) {
      if (this.#sizes.size <= entriesMax && bytes <= bytesMax) return
      bytes -= size
      await this.delete(name)
    }
  }
}
