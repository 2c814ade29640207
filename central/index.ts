/** The pools of the Open Plug&Charge Protocol as one program. */
export { ADMIN_OPERATIONS } from './admin/admin-operations.ts'
export { backUpPool, examinePool, exportPool, importPool, migratePool } from './archive/pool-archive.ts'
export { verifyChain } from './audit/verify-chain.ts'
export { CentralConfig } from './config.ts'
export { startCentral } from './start-central.ts'
export type { Central, CentralPorts } from './start-central.ts'
export { CentralError } from './start-error.ts'
export type { CentralErrorCode } from './start-error.ts'
