/**
 * Builds the native engine into build/native with CMake: `node runtime/native/build.mjs`. With `--if-possible`, as the package's
 * install script calls it, a machine without the tools gets one line that says what is missing, and the install goes on: SEAL serves.
 * Plain JavaScript, because it runs before anything of the package is compiled.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, '..', '..', 'build', 'native');
const ifPossible = process.argv.includes('--if-possible');

const works = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

function end(reason, details = '') {
  if (details) process.stderr.write(`${details.trimEnd()}\n`);
  process.stderr.write(`fhec: the native engine was not built: ${reason}. Programs run on SEAL (--backend seal).\n`);
  process.exit(ifPossible ? 0 : 1);
}

/** Runs one step of the build; its output is shown only when it fails. */
function step(name, args) {
  const { status, stdout, stderr, error } = spawnSync('cmake', args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status === 0) return;
  const output = `${stdout ?? ''}${stderr ?? ''}${error ? error.message : ''}`;
  end(`${name} failed`, ifPossible ? output.split('\n').slice(-20).join('\n') : output);
}

const packageFolder = (name) => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));

if (process.env.FHEC_NATIVE === 'off') end('FHEC_NATIVE is off');
if (!works('cmake', ['--version'])) end('CMake is missing');
const compilers = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
if (process.platform !== 'win32' && !compilers.some((c) => works(c, ['--version'])))
  end('a C++20 compiler is missing (g++ 11 or clang++ 14, or later)');

step('the configuration', [
  '-S',
  join(here, 'engine'),
  '-B',
  folder,
  '-DCMAKE_BUILD_TYPE=Release',
  `-DNODE_ADDON_API_DIR=${packageFolder('node-addon-api')}`,
  `-DNODE_API_HEADERS_DIR=${join(packageFolder('node-api-headers'), 'include')}`,
]);
step('the compilation', [
  '--build',
  folder,
  '--config',
  'Release',
  '--target',
  'fhec_native',
  '--parallel',
  String(availableParallelism()),
]);
