import { afterAll, beforeAll, expect, test } from 'vitest'

import { bytesFromBase64, systemClock, systemRandom } from '#base'
import { ISO2_NAMESPACE } from '#opcp'
import { parseCertificate, softwareSigner, type VehicleCredentials } from '#pki'

import { contractDataBody, newVehicle, pkiForTests } from '../central.fixture.ts'
import { CpsSigner } from '../cps/cps-signer.ts'
import { RootPool } from '../rcp/root-pool.ts'
import type { Storage } from '../storage-port.ts'
import { openStorage } from '../storage/open-storage.ts'
import { ContractPool, type SignedContractData } from './contract-pool.ts'
import { ContractRevocation } from './contract-revocation.ts'
import { ContractVerification } from './contract-verification.ts'

const by = { clientId: 'CPS', participantId: 'CPS', roles: ['CPS'], sourceIp: '', traceId: '' }

let storage: Storage
let pool: ContractPool
let vehicle: VehicleCredentials
beforeAll(async () => {
  const pki = await pkiForTests()
  storage = await openStorage({ url: 'sqlite::memory:' })
  const roots = new RootPool({ storage, clock: systemClock, random: systemRandom })
  await roots.add(pki['v2g/root'].certificate, 'V2G', by)
  await roots.add(pki['mo/root'].certificate, 'MO', by)
  pool = new ContractPool({
    storage,
    roots,
    verification: new ContractVerification({ roots, clock: systemClock }),
    revocation: new ContractRevocation({ cas: { all: [] }, clock: systemClock }),
    clock: systemClock,
    random: systemRandom,
  })
  vehicle = await newVehicle(pki)
})
afterAll(() => storage[Symbol.asyncDispose]())

/** Contract data that our CPS signed, whatever is in it. */
async function signed(over: { emaid?: string; contract?: Uint8Array } = {}) {
  const pki = await pkiForTests()
  const body = await contractDataBody(pki, { vehicle, emaid: 'DEEVXC0000000A1' })
  const member = (name: 'sub1' | 'sub2') => pki[`cps/${name}`].certificate
  const signer = new CpsSigner({
    leaf: pki['cps/leaf'].certificate,
    subCertificates: [member('sub2'), member('sub1')],
    root: pki['v2g/root'].certificate,
    signer: softwareSigner(pki['cps/leaf'].privateKey),
  })
  const subCertificates = [body.contractSubCa2Certificate, body.contractSubCa1Certificate]
  return await signer.sign({
    contractChain: {
      Certificate: over.contract ?? bytesFromBase64(body.contractCertificate, 800),
      SubCertificates: { Certificate: subCertificates.map((text) => bytesFromBase64(text, 800)) },
    },
    encryptedPrivateKey: bytesFromBase64(body.contractSignatureEncryptedPrivateKey, 48),
    dhPublicKey: bytesFromBase64(body.dHpublickey, 65),
    emaid: over.emaid ?? 'DEEVXC0000000A1',
  })
}

test.each([
  { what: 'a contract certificate that is none', over: { contract: Uint8Array.of(0x30, 0) } },
  { what: 'an eMAID that is none', over: { emaid: '?' } },
  { what: 'the eMAID of another contract', over: { emaid: 'DEEVXC0000000A2' } },
])('signed contract data with $what is refused', async ({ over }) => {
  const data: SignedContractData = {
    message: await signed(over),
    vehicle: {
      pcid: vehicle.pcid,
      pcidKey: vehicle.pcid,
      namespace: ISO2_NAMESPACE,
      certificate: parseCertificate(vehicle.certificate.der),
      subCa1: vehicle.sub1,
      subCa2: vehicle.sub2,
      v2gRootKeyIds: [],
      previousPcid: undefined,
    },
    metaData: undefined,
  }
  const added = pool.add(data, by)
  await expect(added).rejects.toMatchObject({ code: 'ERR_CCP_SIGNED_DATA' })
})
