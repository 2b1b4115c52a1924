import { Command } from 'commander';
import { version } from '../version.ts';
import { calibrateCommand } from './commands/calibrate.ts';
import { compileCommand } from './commands/compile.ts';
import { decryptCommand } from './commands/decrypt.ts';
import { encryptCommand } from './commands/encrypt.ts';
import { explainCommand } from './commands/explain.ts';
import { inferCommand } from './commands/infer.ts';
import { keygenCommand } from './commands/keygen.ts';
import { paretoCommand } from './commands/pareto.ts';
import { runCommand } from './commands/run.ts';
import { simulateCommand } from './commands/simulate.ts';
import { verifyCommand } from './commands/verify.ts';
import type { Io } from './io.ts';
import { optCommand } from './opt.ts';

const overview = `
The road of a model:
  fhec compile model.onnx --calibration digits.npz -o model.fhec    on your machine, once
  fhec keygen model.client.json -o keys/                            the client: secret.key stays, server/eval.keys goes to the server
  fhec encrypt --spec model.client.json --keys keys/ --input digit.png -o x.enc
  fhec run model.fhec --keys eval.keys --input x.enc -o y.enc       the server: holds no secret
  fhec decrypt --spec model.client.json --keys keys/ --input y.enc
A first try, all roles at once:
  fhec infer model.fhec mnist:test[0:5]

Exit codes: 0 done, 1 an error in what was given (with its code), 2 wrong usage, 3 a defect of fhec (writes fhec-crash-*.txt), 130 cancelled.`;

/** The whole command line. Throws CommanderError for wrong usage and for help, FhecError for bad input. */
export function fhecCommand(io: Io): Command {
  const program = new Command('fhec')
    .description('Compiles ONNX networks to CKKS programs and runs them on encrypted data.')
    .version(version, '-V, --version', 'print the version')
    .addHelpText('after', overview)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showSuggestionAfterError()
    .showHelpAfterError('(see fhec help COMMAND)');
  const commands = [
    compileCommand,
    keygenCommand,
    encryptCommand,
    runCommand,
    decryptCommand,
    inferCommand,
    simulateCommand,
    explainCommand,
    verifyCommand,
    calibrateCommand,
    paretoCommand,
    optCommand,
  ];
  for (const make of commands) program.addCommand(make(io).copyInheritedSettings(program));
  return program;
}
