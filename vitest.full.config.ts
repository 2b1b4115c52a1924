import { defineConfig } from 'vitest/config';

/** The long tests: minutes each, on real data, one file after the other since each fills both cores. */
export default defineConfig({
  test: {
    include: ['test/full/**/*.test.ts'],
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
