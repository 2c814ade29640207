import { defineConfig } from 'vitest/config'

/** Tests share one process per worker and run in random order: state that leaks between files fails here. */
const shared = { experimental: { viteModuleRunner: false }, isolate: false, sequence: { shuffle: true } }

export default defineConfig({
  test: {
    globalSetup: 'test/postgres-server.ts',
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['*/**/*.test.ts'],
          exclude: ['test/**', 'node_modules/**'],
          testTimeout: 20_000,
        },
      },
      { test: { ...shared, name: 'system', include: ['test/**/*.test.ts'], testTimeout: 60_000 } },
    ],
  },
})
