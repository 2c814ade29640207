import { execFileSync } from 'node:child_process'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'

import { base64FromBytes } from '#base'

import type { Certificate } from '../certificate/certificate.ts'
import { writePem } from '../der/pem.ts'
import { PkiError } from '../errors.ts'
import { forge } from '../testing/forge.ts'
import { readCertificatesOnly, writeCertificatesOnly } from './certificates-only.ts'

let certificates: readonly Certificate[]
beforeAll(async () => {
  // In the order that DER would not have.
  const made = await Promise.all(
    ['z', 'a', 'mm'].map(async (subject) => (await forge({ subject })).certificate),
  )
  certificates = made.toSorted((a, b) => b.der.length - a.der.length)
})

const namesOf = (list: readonly Certificate[]): readonly (string | undefined)[] =>
  list.map((one) => one.commonName)

test('OpenSSL lists the certificates in the order they were given', () => {
  const input = writeCertificatesOnly(certificates)
  const text = execFileSync('openssl', ['pkcs7', '-inform', 'DER', '-print_certs', '-noout'], {
    input,
  }).toString()
  expect([...text.matchAll(/subject=CN = (\w+)/g)].map(([, name]) => name)).toEqual(namesOf(certificates))
})

test('what is written is read back, as DER, base64, wrapped base64 and PEM', () => {
  const der = writeCertificatesOnly(certificates)
  const base64 = base64FromBytes(der)
  for (const form of [der, base64, base64.replace(/.{76}/g, '$&\r\n'), writePem('PKCS7', der)])
    expect(namesOf(readCertificatesOnly(form))).toEqual(namesOf(certificates))
  expect(readCertificatesOnly(writeCertificatesOnly([]))).toEqual([])
})

test('what OpenSSL puts together is read', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'evouch-certs-only-'))
  const file = join(folder.path, 'certificates.pem')
  await writeFile(file, certificates.map((one) => one.toPem()).join(''))
  const der = execFileSync('openssl', ['crl2pkcs7', '-nocrl', '-certfile', file, '-outform', 'DER'])
  expect(new Set(namesOf(readCertificatesOnly(der)))).toEqual(new Set(namesOf(certificates)))
})

test('other bytes end in one of our errors', () => {
  expect(() => readCertificatesOnly('')).toThrow(expect.objectContaining({ code: 'ERR_PKI_DER' }))
  expect(() => readCertificatesOnly('?')).toThrow(expect.objectContaining({ code: 'ERR_PKI_CERTIFICATE' }))
  expect(() => readCertificatesOnly(new Uint8Array(300_000))).toThrow(
    expect.objectContaining({ code: 'ERR_PKI_CERTIFICATE' }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (rest) => {
      expect(() => readCertificatesOnly(Uint8Array.of(0x30, ...rest))).toThrow(PkiError)
    }),
  )
})
