import onnxProto, { type onnx } from 'onnx-proto';
import { fail } from '../../ir/diagnostics.ts';

/** Protobuf messages end here by their own definition. */
const maxBytes = 2 ** 31 - 1;

/**
 * Parses a binary ONNX file. Throws FHE0201 for anything that is not one; what the fields say is checked by the import.
 */
export function readModel(bytes: Uint8Array): onnx.IModelProto {
  if (bytes.length === 0) fail('FHE0201', 'the file is empty');
  if (bytes.length > maxBytes)
    fail('FHE0201', `the file has ${bytes.length} bytes; a model in one file has less than 2 GiB`);
  const model = decode(() => onnxProto.onnx.ModelProto.decode(bytes), 'a model');
  if (!model.graph || (model.graph.node ?? []).length + (model.graph.output ?? []).length === 0) {
    fail('FHE0201', 'the file holds no graph');
  }
  return model;
}

/** Parses a single tensor file (TensorProto, `.pb`), as the ONNX test suites ship them. Throws FHE0201. */
export const readTensorFile = (bytes: Uint8Array): onnx.ITensorProto =>
  decode(() => onnxProto.onnx.TensorProto.decode(bytes), 'a tensor');

/** The decoder throws plain errors, and RangeError where nesting exhausts the stack: all of them mean bad bytes. */
function decode<T>(read: () => T, what: string): T {
  try {
    return read();
  } catch (error) {
    return fail(
      'FHE0201',
      `the bytes do not parse as ${what}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
