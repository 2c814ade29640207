/** The streams of a command, arguments so that tests can run commands in their own process. */
export interface CommandIo {
  readonly standardInput: AsyncIterable<Uint8Array>
  writeOutput(data: string | Uint8Array): void
  writeError(text: string): void
  /** Whether a person watches standard error, so that a progress line may be redrawn. */
  readonly errorIsTerminal: boolean
}

/** The streams of this process. A reader that goes away (`evouch … | head`) ends output silently, as in other tools. */
export function processIo(): CommandIo {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  return {
    standardInput: process.stdin,
    writeOutput: (data) => void process.stdout.write(data),
    writeError: (text) => void process.stderr.write(text),
    errorIsTerminal: process.stderr.isTTY,
  }
}
