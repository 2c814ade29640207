/**
 * The process in which the module of a token's manufacturer runs. What it is asked for, one message each, is in
 * `pkcs11-messages.ts`; who asks ends it when an answer takes too long.
 */
import { Worker } from 'node:worker_threads'

import { HsmError, hsmFailure } from './hsm-error.ts'
import { Pkcs11Login } from './pkcs11-login.ts'
import {
  isNumberedRequest,
  type NumberedRequest,
  type TokenAnswer,
  type TokenRequest,
} from './pkcs11-messages.ts'
import { generateOnToken, readOriginOfKey, readPublicKeyObject, signOnToken } from './pkcs11-objects.ts'

/** How soon a process whose program is gone ends, although a call of the module does not return. */
const WATCH_MS = 500

// Ctrl-C reaches the whole group; the program decides when its signatures are finished.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
endWithProgram()

let token: { readonly label: string; readonly login: Promise<Pkcs11Login> } | undefined

process.on('message', (message) => {
  if (isNumberedRequest(message)) void answerTo(message)
})

async function answerTo({ number, request }: NumberedRequest): Promise<void> {
  try {
    const values = await valuesOf(request)
    say({ number, values })
  } catch (error) {
    const failure = hsmFailure(`token ${token?.label ?? ''}`, error)
    // Any other error is a mistake of ours, and ends the process with its stack on standard error.
    if (!(failure instanceof HsmError)) throw error
    say({ number, code: failure.code, message: failure.message })
  }
}

async function valuesOf(request: TokenRequest): Promise<readonly Uint8Array[]> {
  if (request.what === 'open') token = { label: request.tokenLabel, login: Pkcs11Login.open(request) }
  if (token === undefined) throw new TypeError('the first request does not open the token')
  const login = await token.login
  switch (request.what) {
    case 'open':
      return []
    case 'sign':
      return [await login.use((session) => signOnToken(login.module, session, request))]
    case 'read public key':
      return await login.use(({ handle }) => readPublicKeyObject(login.module, handle, request.key))
    case 'read origin':
      return await login.use(({ handle }) => readOriginOfKey(login.module, handle, request.key))
    case 'generate':
      login.useForWriting((handle) => generateOnToken(login.module, handle, request))
      return []
    case 'close':
      login.close()
      return []
  }
}

function say(answer: TokenAnswer): void {
  // An error says that the program is gone, and with it this process in a moment.
  process.send?.(answer, undefined, {}, () => {})
}

/**
 * An exit in order would wait for threads that hang in the module, and a module that hangs in this thread would keep
 * the end of the program unnoticed: so another thread looks whether this is still a child of the program, and the system
 * ends the process.
 */
function endWithProgram(): void {
  process.on('disconnect', () => {
    process.kill(process.pid, 'SIGKILL')
  })
  const program = Number(process.argv[2])
  const look = `if (process.ppid !== ${program}) process.kill(process.pid, 'SIGKILL')`
  new Worker(`setInterval(() => { ${look} }, ${WATCH_MS})`, { eval: true }).unref()
}
