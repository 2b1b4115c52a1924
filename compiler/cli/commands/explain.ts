import type { Command } from 'commander';
import { writeFileSync } from 'node:fs';
import { newCommand } from '../common-options.ts';
import { note, printResult, type CommonFlags, type Io } from '../io.ts';
import { openModel, warnInsecure } from '../model.ts';
import { renderHtml } from '../report/html.ts';
import { readReport } from '../report/schema.ts';
import { renderTables } from '../report/tables.ts';

interface Flags extends CommonFlags {
  readonly html?: string;
}

export function explainCommand(io: Io): Command {
  return newCommand(
    'explain',
    'Show what a compiled model is: levels, keys, seconds, bytes, accuracy, and the polynomial of each activation.',
    [
      'fhec explain model.fhec',
      'fhec explain model.fhec --html report.html',
      'fhec explain model.fhec --json | jq .cost.rotations',
    ],
  )
    .argument('<model>', 'the compiled model (model.fhec)')
    .option('--html <file>', 'write the report as one HTML page instead')
    .action((path: string, flags: Flags) => {
      const model = openModel(path);
      warnInsecure(model.program.parameters, io, flags);
      const report = readReport(model.report);
      if (flags.html !== undefined) writeFileSync(flags.html, renderHtml(report));
      printResult(io, flags, report, flags.html === undefined ? renderTables(report) : '');
      if (flags.html !== undefined) note(io, { quiet: Boolean(flags.quiet) || Boolean(flags.json) }, flags.html);
    });
}
