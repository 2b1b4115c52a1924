/**
 * Builds the native engine into build/native with CMake: `node runtime/native/build.mjs`. With `--if-possible`, as the package's
 * install script calls it, a machine without the tools gets one line that says what is missing, and the install goes on: SEAL serves.
 * `--test` builds and runs the engine's own tests instead, `--test address thread` under these sanitizers (address has undefined with it).
 * Plain JavaScript, because it runs before anything of the package is compiled.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const sources = join(here, 'engine');
const builds = join(here, '..', '..', 'build');
const ifPossible = process.argv.includes('--if-possible');
const testing = process.argv.indexOf('--test');

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

function packageFolder(name) {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    return end(`the package ${name} is missing`);
  }
}

function build(folder, target, definitions) {
  step('the configuration', [
    '-S',
    sources,
    '-B',
    folder,
    ...Object.entries({ CMAKE_BUILD_TYPE: 'Release', ...definitions }).map(([name, value]) => `-D${name}=${value}`),
  ]);
  const jobs = String(availableParallelism());
  step('the compilation', ['--build', folder, '--config', 'Release', '--target', target, '--parallel', jobs]);
}

/** Ends with the first failure. */
function runTests(sanitizer) {
  const folder = join(builds, sanitizer ? `native-${sanitizer}` : 'native-tests');
  build(folder, 'engine_tests', { FHEC_SANITIZE: sanitizer });
  process.stdout.write(`fhec: the engine's tests${sanitizer ? ` under the sanitizer ${sanitizer}` : ''}\n`);
  const { status } = spawnSync(join(folder, 'engine_tests'), [], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

if (process.env.FHEC_NATIVE === 'off') end('FHEC_NATIVE is off');
if (!works('cmake', ['--version'])) end('CMake is missing');
const compilers = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
if (process.platform !== 'win32' && !compilers.some((c) => works(c, ['--version'])))
  end('a C++20 compiler is missing (g++ 11 or clang++ 14, or later)');

if (testing >= 0) {
  if (!existsSync(join(sources, 'test'))) end('the package has no tests of it, the repository has');
  const sanitizers = process.argv.slice(testing + 1).filter((word) => !word.startsWith('--'));
  for (const sanitizer of sanitizers.length > 0 ? sanitizers : ['']) runTests(sanitizer);
} else {
  build(join(builds, 'native'), 'fhec_native', {
    NODE_ADDON_API_DIR: packageFolder('node-addon-api'),
    NODE_API_HEADERS_DIR: join(packageFolder('node-api-headers'), 'include'),
  });
}
