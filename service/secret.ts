import { readFile, stat } from 'node:fs/promises'

import { Type, type Static, type TObject, type TString, type TUnion } from 'typebox'

import { messageOf } from '#base'

import { ConfigError } from './config-error.ts'
import { FilePath } from './file-path.ts'

/** Passwords, client secrets and PEM keys all fit; a larger file was named by mistake. */
const SECRET_BYTES_MAX = 64 * 1024

const closed = { additionalProperties: false } as const

/** Where a config says a secret is: `{ file: path }` or `{ env: NAME }`. There is no way to write one in the config. */
export const SecretSource: TUnion<[TObject<{ file: TString }>, TObject<{ env: TString }>]> = Type.Union([
  Type.Object({ file: FilePath({ description: 'file that holds the secret' }) }, closed),
  Type.Object({ env: Type.String({ minLength: 1, description: 'environment variable' }) }, closed),
])
export type SecretSource = Static<typeof SecretSource>

/** A value that never prints: text, JSON and inspection all show `[secret]`. Only {@link reveal} gives it. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}

/**
 * Reads a secret; one line break at the end of a file is not part of it. An empty secret is refused.
 *
 * @throws {ConfigError} ERR_CONFIG_SECRET, with the file or variable, never the value
 */
export async function readSecret(
  source: SecretSource,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Secret> {
  const where = 'file' in source ? source.file : `environment variable ${source.env}`
  const value = 'file' in source ? await readSecretFile(source.file) : environment[source.env]
  if (value === undefined) throw new ConfigError('ERR_CONFIG_SECRET', `${where} is not set`)
  if (value === '') throw new ConfigError('ERR_CONFIG_SECRET', `${where} is empty`)
  return new Secret(value)
}

async function readSecretFile(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > SECRET_BYTES_MAX)
      throw new ConfigError('ERR_CONFIG_SECRET', `${file}: ${size} bytes, limit ${SECRET_BYTES_MAX}`)
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError('ERR_CONFIG_SECRET', `cannot read the secret: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
