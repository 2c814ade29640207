/** A PKCS#11 token in software (SoftHSM 2) for tests, in a directory of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
]
const modulePath = MODULES.find((file) => existsSync(file))
const pkcs11js = await import('pkcs11js').then(
  (imported) => imported.default,
  () => undefined,
)

/** Whether tests on a token run. With CI set they always do, and fail where SoftHSM or the npm package is missing. */
export const runsOnSoftHsm: boolean =
  (modulePath !== undefined && pkcs11js !== undefined) || (process.env['CI'] ?? '') !== ''

export const PIN = '135790'

export interface SoftToken extends AsyncDisposable {
  readonly modulePath: string
  readonly tokenLabel: string
  /** What a token that is pulled out does to every session of the process. */
  closeAllSessions(): void
  /** Needs a login. */
  changePin(pins: { readonly before: string; readonly after: string }): void
  /** Of the first private key; needs a login. */
  privateKeyFlags(): { readonly sensitive: boolean; readonly extractable: boolean }
}

/** Makes a token. SoftHSM finds it by SOFTHSM2_CONF, which it reads when the module is initialised. */
export async function createSoftToken(tokenLabel = 'evouch'): Promise<SoftToken> {
  if (modulePath === undefined) throw new Error('SoftHSM 2 is not installed (Debian: softhsm2)')
  const directory = await mkdtemp(join(tmpdir(), 'evouch-softhsm-'))
  const configFile = join(directory, 'softhsm2.conf')
  await mkdir(join(directory, 'tokens'))
  await writeFile(configFile, `directories.tokendir = ${join(directory, 'tokens')}\nlog.level = ERROR\n`)
  const before = process.env['SOFTHSM2_CONF']
  process.env['SOFTHSM2_CONF'] = configFile
  const words = ['--init-token', '--free', '--label', tokenLabel, '--pin', PIN, '--so-pin', '24680']
  const [exitCode] = await once(spawn('softhsm2-util', words, { stdio: 'ignore' }), 'close')
  if (exitCode !== 0) throw new Error('softhsm2-util made no token')
  return {
    modulePath,
    tokenLabel,
    ...otherUser({ modulePath, tokenLabel }),
    [Symbol.asyncDispose]: async () => {
      if (before === undefined) delete process.env['SOFTHSM2_CONF']
      else process.env['SOFTHSM2_CONF'] = before
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Another user of the same module in this process: PKCS#11 has one set of sessions and one login for all. */
function otherUser(token: {
  readonly modulePath: string
  readonly tokenLabel: string
}): Pick<SoftToken, 'closeAllSessions' | 'changePin' | 'privateKeyFlags'> {
  if (pkcs11js === undefined) throw new Error('the npm package pkcs11js is not installed')
  const { CKA_CLASS, CKA_EXTRACTABLE, CKA_SENSITIVE, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKO_PRIVATE_KEY } =
    pkcs11js
  const api = new pkcs11js.PKCS11()
  api.load(token.modulePath)
  const slot = (): Buffer => {
    const slots = api.C_GetSlotList(true)
    const found = slots.find((each) => api.C_GetTokenInfo(each).label.trimEnd() === token.tokenLabel)
    if (found === undefined) throw new Error(`no token ${token.tokenLabel}`)
    return found
  }
  return {
    closeAllSessions: () => api.C_CloseAllSessions(slot()),
    changePin: ({ before, after }) => {
      const session = api.C_OpenSession(slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION)
      api.C_SetPIN(session, before, after)
      api.C_CloseSession(session)
    },
    privateKeyFlags: () => {
      const session = api.C_OpenSession(slot(), CKF_SERIAL_SESSION)
      api.C_FindObjectsInit(session, [{ type: CKA_CLASS, value: CKO_PRIVATE_KEY }])
      const [key = Buffer.alloc(0)] = api.C_FindObjects(session, 1)
      api.C_FindObjectsFinal(session)
      const [sensitive, extractable] = api.C_GetAttributeValue(session, key, [
        { type: CKA_SENSITIVE },
        { type: CKA_EXTRACTABLE },
      ])
      api.C_CloseSession(session)
      return { sensitive: sensitive?.value[0] === 1, extractable: extractable?.value[0] === 1 }
    },
  }
}
