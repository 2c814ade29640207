import { describe, expect, test } from 'vitest'

import { startScene } from '../central.fixture.ts'

const CPO = {
  name: 'another',
  kind: 'cpo',
  slug: 'acme',
  certificateFile: 'pki/cpo/sub2.pem',
  subCertificateFiles: ['pki/cpo/sub1.pem'],
  rootFile: 'pki/v2g/root.pem',
  privateKeyFile: 'pki/cpo/sub2.key.pem',
}

test('the same key twice is refused with what to do about it', async () => {
  await expect(startScene({ operatorCas: [CPO] })).rejects.toMatchObject({
    code: 'ERR_CENTRAL_SHARED_CA_KEY',
    message:
      'operator CAs cpo and another have the same key: leave one of them out, or give it a key of its own',
  })
})

describe('central does not start with an operator CA', () => {
  test.each([
    ['whose name another has', { name: 'cpo' }, 'ERR_CENTRAL_OPERATOR_CA'],
    ['that answers to the same path as another', { slug: undefined }, 'ERR_CENTRAL_OPERATOR_CA'],
    ['whose chain has a gap', { subCertificateFiles: [] }, 'ERR_CENTRAL_OPERATOR_CA'],
    ['whose chain ends in another root', { rootFile: 'pki/mo/root.pem' }, 'ERR_CENTRAL_OPERATOR_CA'],
    [
      'that is none',
      {
        certificateFile: 'pki/cpo/leaf.pem',
        subCertificateFiles: ['pki/cpo/sub2.pem', 'pki/cpo/sub1.pem'],
        privateKeyFile: 'pki/cpo/leaf.key.pem',
      },
      'ERR_CENTRAL_OPERATOR_CA',
    ],
    ['whose key another has', {}, 'ERR_CENTRAL_SHARED_CA_KEY'],
    ['whose key is another one', { privateKeyFile: 'pki/cpo/sub1.key.pem' }, 'ERR_CENTRAL_SIGNER'],
    ['of an unknown kind', { kind: 'xxx' }, 'ERR_CONFIG_INVALID'],
    ['with an address that is none', { revocationUrl: 'ftp://x' }, 'ERR_CONFIG_INVALID'],
  ])('%s', async (_, over, code) => {
    const { slug, ...entry } = { ...CPO, ...over }
    const operatorCas = [slug === undefined ? entry : { ...entry, slug }]
    await expect(startScene({ operatorCas })).rejects.toMatchObject({ code })
  })
})

test('central tells in its log in what the certificate of a CA differs from its profile', async () => {
  await using scene = await startScene()
  const remarks = scene.log.filter((line) => line.includes('"operatorCa":"cpo"'))
  expect(remarks.join('')).toContain('ERR_LINT_REVOCATION_ADDRESS')
})
