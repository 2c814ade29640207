import { expect, test } from 'vitest'

import { CodedError } from '#base'
import { ConfigError } from '#service'

import { CliError, failureOf, UnusableInput, unusableInput } from './failure.ts'

test('a failure is one line with its code', () => {
  expect(failureOf(new CodedError('ERR_OPCP_TIMEOUT', 'no answer\n  in time'))).toEqual({
    line: 'ERR_OPCP_TIMEOUT: no answer in time',
    exitCode: 1,
  })
})

test('what cannot even be tried is told apart by exit code 2', () => {
  for (const error of [
    new CliError('ERR_CLI_ENDPOINTS', 'no file'),
    new ConfigError('ERR_CONFIG_INVALID', 'port: must be integer'),
    unusableInput(new CodedError('ERR_EXI_TRUNCATED', 'ends early')),
  ])
    expect(failureOf(error).exitCode).toBe(2)
})

test('an error without a code is internal, and not blamed on the input', () => {
  const bug = new TypeError('x is not a function')
  expect(unusableInput(bug)).toBe(bug)
  expect(failureOf(bug)).toEqual({ line: 'ERR_INTERNAL: x is not a function', exitCode: 1 })
  expect(unusableInput(new CodedError('ERR_EXI_HEADER', 'x'))).toBeInstanceOf(UnusableInput)
})

test('what a peer sent cannot steer the terminal', () => {
  expect(failureOf(new CodedError('ERR_X', 'said \u001b[2J\u202e')).line).toBe(
    'ERR_X: said \\u{1b}[2J\\u{202e}',
  )
})
