/** A PKCS#11 token in software (SoftHSM 2) for tests, in a directory of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

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

/** Of PKCS#11 3.0; pkcs11js knows version 2 only. */
const CKM_EDDSA = 0x1057

/** What a {@link FaultyToken} can be told to do; `faulty-module.c` says what each means. */
type Fault = 'hang-login' | 'hang-sign' | 'pulled' | 'crash'

export interface SoftToken extends AsyncDisposable {
  readonly modulePath: string
  readonly tokenLabel: string
  /** Not every build of SoftHSM does. */
  readonly hasEd448: boolean
  changePin(pins: { readonly before: string; readonly after: string }): void
  /** Both halves. */
  destroyKey(keyLabel: string): void
  /** Of the first private key. */
  privateKeyFlags(): { readonly sensitive: boolean; readonly extractable: boolean }
}

/** A token behind a module that misbehaves when it is told to. */
export interface FaultyToken extends SoftToken {
  /** Until the returned function is called. */
  begin(fault: Fault): () => void
  /** How often the PIN was sent. */
  loginCount(): number
  sessionCount(): number
}

/** Makes a token. SoftHSM finds it by SOFTHSM2_CONF, which it reads when the module is initialised. */
export async function createSoftToken(tokenLabel = 'evouch'): Promise<SoftToken> {
  return await createToken(tokenLabel)
}

const beside = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Makes a token as {@link createSoftToken}, behind `faulty-module.c`. */
export async function createFaultyToken(tokenLabel: string): Promise<FaultyToken> {
  const { directory, ...token } = await createToken(tokenLabel)
  const fileOf = (name: string): string => join(directory, name)
  await run('gcc', [
    `-DMODULE="${token.modulePath}"`,
    `-DFOLDER="${directory}"`,
    `-I${beside('../../node_modules/pkcs11js/includes/pkcs11')}`,
    '-shared',
    '-fPIC',
    '-o',
    fileOf('faulty.so'),
    beside('faulty-module.c'),
    '-ldl',
  ])
  return {
    ...token,
    modulePath: fileOf('faulty.so'),
    begin: (fault) => {
      writeFileSync(fileOf(fault), '')
      return () => rmSync(fileOf(fault), { force: true })
    },
    loginCount: () => readFileSync(fileOf('logins')).length,
    sessionCount: () => readFileSync(fileOf('sessions')).length,
  }
}

async function createToken(tokenLabel: string): Promise<SoftToken & { readonly directory: string }> {
  if (modulePath === undefined) throw new Error('SoftHSM 2 is not installed (Debian: softhsm2)')
  const directory = await mkdtemp(join(tmpdir(), 'evouch-softhsm-'))
  const configFile = join(directory, 'softhsm2.conf')
  await mkdir(join(directory, 'tokens'))
  await writeFile(configFile, `directories.tokendir = ${join(directory, 'tokens')}\nlog.level = ERROR\n`)
  const before = process.env['SOFTHSM2_CONF']
  process.env['SOFTHSM2_CONF'] = configFile
  const words = ['--init-token', '--free', '--label', tokenLabel, '--pin', PIN, '--so-pin', '24680']
  await run('softhsm2-util', words)
  return {
    directory,
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

async function run(command: string, words: readonly string[]): Promise<void> {
  const [exitCode] = await once(spawn(command, words, { stdio: ['ignore', 'ignore', 'inherit'] }), 'close')
  if (exitCode !== 0) throw new Error(`${command} failed`)
}

/** A look at the token from this process; the code under test uses it from others. */
function otherUser(token: {
  readonly modulePath: string
  readonly tokenLabel: string
}): Pick<SoftToken, 'hasEd448' | 'changePin' | 'destroyKey' | 'privateKeyFlags'> {
  if (pkcs11js === undefined) throw new Error('the npm package pkcs11js is not installed')
  const { CKA_CLASS, CKA_EXTRACTABLE, CKA_LABEL, CKA_SENSITIVE } = pkcs11js
  const { CKF_RW_SESSION, CKF_SERIAL_SESSION, CKO_PRIVATE_KEY, CKU_USER } = pkcs11js
  const api = new pkcs11js.PKCS11()
  api.load(token.modulePath)
  const withSession = <T>(work: (session: Buffer, slot: Buffer) => T): T => {
    api.C_Initialize()
    try {
      const slots = api.C_GetSlotList(true)
      const slot = slots.find((each) => api.C_GetTokenInfo(each).label.trimEnd() === token.tokenLabel)
      if (slot === undefined) throw new Error(`no token ${token.tokenLabel}`)
      return work(api.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION), slot)
    } finally {
      api.C_Finalize()
    }
  }
  const find = (session: Buffer, attribute: { type: number; value: string | number }): readonly Buffer[] => {
    api.C_FindObjectsInit(session, [attribute])
    const found = api.C_FindObjects(session, 2)
    api.C_FindObjectsFinal(session)
    return found
  }
  return {
    hasEd448: withSession((_session, slot) => api.C_GetMechanismList(slot).includes(CKM_EDDSA)),
    changePin: ({ before, after }) => withSession((session) => api.C_SetPIN(session, before, after)),
    destroyKey: (keyLabel) =>
      withSession((session) => {
        api.C_Login(session, CKU_USER, PIN)
        for (const key of find(session, { type: CKA_LABEL, value: keyLabel }))
          api.C_DestroyObject(session, key)
      }),
    privateKeyFlags: () =>
      withSession((session) => {
        api.C_Login(session, CKU_USER, PIN)
        const [key = Buffer.alloc(0)] = find(session, { type: CKA_CLASS, value: CKO_PRIVATE_KEY })
        const [sensitive, extractable] = api.C_GetAttributeValue(session, key, [
          { type: CKA_SENSITIVE },
          { type: CKA_EXTRACTABLE },
        ])
        return { sensitive: sensitive?.value[0] === 1, extractable: extractable?.value[0] === 1 }
      }),
  }
}
