/** The `evouch` command, for tests and benchmarks that run parts of it in their own process. */
export { runCommand } from './command.ts'
export { readEndpoints, type Endpoints } from './demo/endpoints.ts'
export { type CommandIo } from './io.ts'
