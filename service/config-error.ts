import { CodedError } from '#base'

export type ConfigErrorCode =
  | 'ERR_CONFIG_FILE'
  | 'ERR_CONFIG_TOO_LARGE'
  | 'ERR_CONFIG_SYNTAX'
  | 'ERR_CONFIG_INVALID'
  | 'ERR_CONFIG_SECRET'

/**
 * A config file or a secret it names cannot be used. The message names files, keys and environment variables,
 * never a value: the value may be the secret.
 */
export class ConfigError extends CodedError<ConfigErrorCode> {
  override name = 'ConfigError'
}
