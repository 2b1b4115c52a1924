#!/usr/bin/env node
import { processIo } from './io.ts';
import { runMain } from './run-main.ts';

process.exitCode = await runMain(process.argv.slice(2), processIo());
