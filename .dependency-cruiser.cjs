/** The layers of ARCHITECTURE.md: `ir <- passes <- compiler`, `ir <- runtime`; only `compiler/cli` joins compiler and runtime. */
const forbid = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to });

module.exports = {
  forbidden: [
    forbid('no-circular', {}, { circular: true }, 'Modules form a DAG.'),
    forbid(
      'ir-knows-nothing',
      { path: '^ir/' },
      { path: '^(passes|compiler|runtime|test|samples|bench)/' },
      'ir imports nothing of the project.',
    ),
    forbid(
      'passes-know-ir',
      { path: '^passes/' },
      { path: '^(compiler|runtime|test|samples|bench)/' },
      'passes import ir only.',
    ),
    forbid(
      'runtime-knows-ir',
      { path: '^runtime/' },
      { path: '^(passes|compiler|test|samples|bench)/' },
      'runtime imports ir/program and ir/ckks only.',
    ),
    forbid(
      'runtime-knows-only-programs',
      { path: '^runtime/' },
      { path: '^ir/(nn|slots|text)/|^ir/(builder|rewrite|registry|evaluate|verify)[.]ts' },
      'the runtime does not know tensors or layouts.',
    ),
    forbid(
      'compiler-not-runtime',
      { path: '^compiler/', pathNot: '^compiler/cli/' },
      { path: '^runtime/' },
      'only compiler/cli joins compiler and runtime.',
    ),
    forbid(
      'server-has-no-secret',
      { path: '^runtime/server/' },
      { path: '^runtime/client/', reachable: true },
      'the server role cannot reach key generation or decryption.',
    ),
    forbid(
      'no-dev-dependency',
      { path: '^(ir|passes|compiler|runtime)/' },
      { dependencyTypes: ['npm-dev'] },
      'what ships must not need a dev dependency.',
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
