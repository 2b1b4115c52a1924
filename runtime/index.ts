/** The runtime: everything that a program which compiles nothing needs to run compiled models, as client, as server, or simulated. */
export { generateKeys, readSecretKey, type KeyReport, type SecretKey } from './client/keys.ts';
export { openClient, type ClientSession } from './client/session.ts';
export { applyClientSteps } from './client/finish.ts';
export { shareOutput, type SharedOutput, type ShareOptions } from './client/share.ts';
export {
  openServer,
  type RunOptions,
  type RunResult,
  type ServerOptions,
  type ServerSession,
} from './server/session.ts';
export { simulate, type SimulateOptions } from './simulator/simulate.ts';
export { openSimulator, type Simulated, type Simulator } from './simulator/simulator.ts';
export { openClear, type ClearSession } from './clear/session.ts';
export { readCiphertexts, writeCiphertexts, type CiphertextLabel } from './files/ciphertexts.ts';
export { fileKind, openFile, withFile, writeFileParts } from './files/files.ts';
