/** The edge program: charge points on one side, the pools on the other. */
export { GatewayConfig } from './config.ts'
export type { InstallationRecord } from './contract-installation.ts'
export {
  GatewayError,
  type GatewayErrorCode,
  InstallationError,
  type InstallationErrorCode,
  REASON_CODES,
} from './errors.ts'
export { startGateway, type Gateway, type GatewayPorts } from './start-gateway.ts'
