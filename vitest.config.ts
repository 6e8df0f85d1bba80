import { defineConfig } from 'vitest/config';

// The tests need no build: what they start comes from source, and the package's own tests build a copy of it.
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
