import { basename, dirname, resolve } from 'node:path';

/** The name of a model by its file; a file that is only called model is named by its folder. */
export function modelNameOf(path: string): string {
  const name = basename(path).replace(/\.onnx$/i, '');
  return name === 'model' ? basename(dirname(resolve(path))) || name : name;
}
