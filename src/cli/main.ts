#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock, systemRandom } from '../contract/clock.ts';
import { runCli } from './run-cli.ts';

process.exitCode = await runCli(process.argv.slice(2), {
  cwd: process.cwd(),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  process,
  clock: systemClock,
  random: systemRandom,
  wallNow: Date.now,
  sleep: (delayMs, signal) => sleep(delayMs, undefined, signal === undefined ? {} : { signal }),
});
