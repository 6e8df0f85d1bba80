import { defineConfig } from 'vitest/config';

// The tests need no build: what they start comes from source, and the package's own tests build a copy of it.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
