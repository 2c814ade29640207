/** The shell of a program: its config file, its secrets, its log and its end. */
export { checkConfig, loadConfig, parseConfig, readConfigText } from './config.ts'
export { ConfigError, type ConfigErrorCode } from './config-error.ts'
export { configJsonSchema } from './config-json-schema.ts'
export { FilePath, FileUrl } from './file-path.ts'
export { createLogger, logFile, type LogDestination, type Logger, LogLevel } from './logger.ts'
export { Network, revocationConfig, RevocationUse } from './revocation-config.ts'
export { runUntilSignal } from './run-until-signal.ts'
export { readSecret, Secret, SecretSource } from './secret.ts'
