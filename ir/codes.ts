/**
 * The catalogue of every diagnostic, the only place where a code is made. A code never changes its meaning.
 * 01xx text, 02xx ONNX import, 03xx verifier, 04xx approximation, 05xx lowering and schedule, 06xx parameters and security,
 * 07xx artefacts, keys and ciphertexts, 08xx running, 09xx command line and inputs, 99xx defects of fhec.
 */
export const codes = {
  FHE0101: { title: 'syntax error', help: 'Correct the text at this position; `fhec opt --help` shows the grammar.' },
  FHE0102: { title: 'unknown name', help: 'Define the value, op or type before its use, or correct its spelling.' },
  FHE0103: {
    title: 'missing constant',
    help: 'Put the constant file beside the text file, or write the constant inline.',
  },

  FHE0201: {
    title: 'not an ONNX model',
    help: 'Give a binary ONNX file (ModelProto), as written by torch.onnx.export.',
  },
  FHE0202: {
    title: 'unsupported operator',
    help: 'Replace the operator in the model; docs/onnx.md lists what is supported.',
  },
  FHE0203: {
    title: 'unsupported attribute or form of an operator',
    help: 'Export the model without this attribute, or rewrite the node.',
  },
  FHE0204: { title: 'unsupported opset', help: 'Convert the model to opset 7 or later with onnx.version_converter.' },
  FHE0205: {
    title: 'bad initialiser',
    help: 'Export the model again; its tensor data does not fit its declared shape or type.',
  },
  FHE0206: {
    title: 'dynamic shape',
    help: 'Only the batch dimension may be symbolic: fix the other dimensions at export.',
  },
  FHE0207: {
    title: 'external data missing',
    help: 'Put the external data file beside the model, as the model names it.',
  },
  FHE0208: { title: 'malformed graph', help: 'Check the model with onnx.checker.check_model and export it again.' },

  FHE0301: { title: 'wrong operand', help: 'See the op in `fhec opt --list-ops`.' },
  FHE0302: { title: 'wrong attribute', help: 'See the op in `fhec opt --list-ops`.' },
  FHE0303: { title: 'wrong type', help: 'The printed type must be the one that the op infers.' },
  FHE0304: { title: 'op not legal at this level', help: 'Run the pass that lowers it first.' },
  FHE0305: { title: 'use before definition', help: 'Values must be defined before they are used, and once.' },
  FHE0306: {
    title: 'malformed module',
    help: 'The facts of the module (interface, parameters, names) must fit its level and its functions.',
  },

  FHE0401: { title: 'no calibration data', help: 'Give --calibration FILE with a few hundred real inputs.' },
  FHE0402: {
    title: 'function cannot be approximated on its range',
    help: 'Look at the calibrated range in the report; normalise the input of this node.',
  },
  FHE0403: {
    title: 'budget cannot be met',
    help: 'Loosen --max-accuracy-loss or --max-latency; `fhec explain` shows what is reachable.',
  },
  FHE0404: {
    title: 'calibration data do not fit the model',
    help: 'Give inputs of the shape that the model declares.',
  },

  FHE0501: {
    title: 'not computable on encrypted data',
    help: 'Move this step to the client, or replace it by a supported operator.',
  },
  FHE0502: { title: 'tensor too large', help: 'Reduce the resolution or the channels, or raise the ring degree.' },
  FHE0503: { title: 'levels disagree', help: 'This is a defect of fhec; please report it with the reproducer.' },
  FHE0504: { title: 'scales disagree', help: 'This is a defect of fhec; please report it with the reproducer.' },
  FHE0505: { title: 'secrets disagree', help: 'This is a defect of fhec; please report it with the reproducer.' },

  FHE0601: {
    title: 'insecure parameters',
    help: 'Use a larger ring degree or fewer levels; 128-bit security is not optional.',
  },
  FHE0602: {
    title: 'no secure parameters deep enough',
    help: 'Lower the degrees (--max-degree), or use the native back end, which can bootstrap.',
  },
  FHE0603: { title: 'precision cannot be met', help: 'Loosen --precision-bits or shorten the network.' },

  FHE0701: { title: 'not a fhec file', help: 'Give a file that fhec wrote, of the kind that this command asks for.' },
  FHE0702: { title: 'file damaged', help: 'Copy or create the file again: its hash or its structure is wrong.' },
  FHE0703: { title: 'unsupported format version', help: 'Compile again with this version of fhec.' },
  FHE0704: {
    title: 'file belongs to another model or key',
    help: 'Use the keys and ciphertexts that were made for this artefact.',
  },
  FHE0705: {
    title: 'secret on the server',
    help: 'Remove the secret key from the server: it belongs on the client only.',
  },
  FHE0706: { title: 'key missing', help: 'Run `fhec keygen` for this model and give its folder.' },
  FHE0707: { title: 'file too large', help: 'The file is larger than this model can need; it was not read.' },

  FHE0801: {
    title: 'back end failed',
    help: 'See the message of the back end; check the keys and the memory of the machine.',
  },
  FHE0802: { title: 'cancelled', help: 'The work was stopped on request.' },
  FHE0803: {
    title: 'value out of range',
    help: 'An input or intermediate value is larger than the parameters hold; calibrate on data like it.',
  },
  FHE0804: { title: 'back end not available', help: 'Install what the message names, or choose another --backend.' },
  FHE0805: { title: 'out of memory', help: 'Free memory or choose smaller parameters.' },

  FHE0901: { title: 'bad option', help: 'See `fhec help COMMAND`.' },
  FHE0902: { title: 'cannot read the file', help: 'Check the path and the permissions.' },
  FHE0903: {
    title: 'bad input data',
    help: 'Give .npy, .npz, PNG, JPEG, IDX or CIFAR binary data of the shape that the model declares.',
  },
  FHE0904: { title: 'will not overwrite', help: 'Remove the file or give another path.' },

  FHE9901: { title: 'internal error', help: 'This is a defect of fhec; please report it with the reproducer file.' },
} as const satisfies Record<`FHE${string}`, { title: string; help: string }>;

export type Code = keyof typeof codes;
