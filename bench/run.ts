/** `npm run bench`: measures on this machine what matters as ratios to a floor in the same run. Needs no network. */
import { benchExi } from './exi.ts'
import { benchPath } from './path.ts'

benchExi()
await benchPath()
