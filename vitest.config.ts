import { defineConfig } from 'vitest/config';

// No build has to be made before: tests that start the package in a process of its own see to that, see test/staged-package.ts.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Most of a test file's time goes by in what it starts; one file a core keeps all of them busy.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
