import { decodeV2gMessage, encodeV2gMessage } from '#iso15118'

import { measure } from './measure.ts'
import { certificateInstallationReq, certificateInstallationRes } from './messages.ts'

/** EXI of the two certificate messages, beside base64 decoding of the same bytes: what the transport costs anyway. */
export function benchExi(): void {
  for (const [name, message] of Object.entries({ certificateInstallationReq, certificateInstallationRes })) {
    const exi = encodeV2gMessage(message)
    const base64 = Buffer.from(exi).toString('base64')
    const costs = measure({
      'base64 decode': () => Buffer.from(base64, 'base64'),
      'EXI decode': () => decodeV2gMessage(exi),
      'EXI encode': () => encodeV2gMessage(message),
    })
    const floorUs = costs[0]?.medianUs ?? Number.NaN
    console.log(`\n${name}, ${exi.length} bytes`)
    for (const cost of costs) {
      const ratio = (cost.medianUs / floorUs).toFixed(1)
      const spread = `${cost.lowUs.toFixed(1)}..${cost.highUs.toFixed(1)}`
      console.log(
        `  ${cost.name.padEnd(14)} ${cost.medianUs.toFixed(1).padStart(7)} µs (${spread}), ${ratio} × base64 decode`,
      )
    }
  }
}
