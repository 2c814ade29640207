import { beforeAll, describe, expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'
import { createThrowawayPki, type ThrowawayPki } from '#pki'

import { ProfileCheck, type ProfileRemark } from './profile-check.ts'

let pki: ThrowawayPki
beforeAll(async () => {
  pki = await createThrowawayPki({ clock: systemClock, random: systemRandom })
})

function newCheck(): { check: ProfileCheck; remarks: ProfileRemark[] } {
  const remarks: ProfileRemark[] = []
  return { check: new ProfileCheck((remark) => void remarks.push(remark)), remarks }
}

describe('the check of a profile', () => {
  test('takes the certificates of a PKI for what they are', () => {
    const { check } = newCheck()
    expect(check.refuseRoot(pki['v2g/root'].certificate, 'V2G')).toBeUndefined()
    expect(check.refuseRoot(pki['oem/root'].certificate, 'OEM')).toBeUndefined()
    expect(check.refuseLeaf(pki['cps/leaf'].certificate, 'cps')).toBeUndefined()
  })

  test('refuses what contradicts the profile, and names the rule', () => {
    const { check, remarks } = newCheck()
    const { certificate } = pki['cps/leaf']
    expect(check.refuseLeaf(certificate, 'oem-provisioning')).toMatchObject({
      code: 'ERR_PATH_ROLE',
      rule: 'profile',
      section: expect.stringContaining('V2G2-925'),
      certificate,
    })
    expect(check.refuseRoot(certificate, 'V2G')).toMatchObject({ code: 'ERR_LINT_ROLE', severity: 'require' })
    expect(remarks).toEqual([])
  })

  test('only tells what is unusual, once for each certificate', () => {
    const { check, remarks } = newCheck()
    const { certificate } = pki['tls/ca']
    expect(check.refuseRoot(certificate, 'V2G')).toBeUndefined()
    expect(check.refuseRoot(certificate, 'V2G')).toBeUndefined()
    expect(remarks).toHaveLength(1)
    expect(remarks[0]?.findings.map(({ code }) => code)).toContain('ERR_LINT_DOMAIN_COMPONENT')
    expect(remarks[0]?.findings.every(({ severity }) => severity === 'report')).toBe(true)
  })
})
