/** Householder reflection that clears column k below its diagonal; applied to the later columns and the right side. */
export function reflect(columns: readonly Float64Array[], right: Float64Array, k: number): void {
  const pivot = columns[k];
  let norm = 0;
  for (let i = k; i < pivot.length; i++) norm += pivot[i] * pivot[i];
  const length = pivot[k] > 0 ? -Math.sqrt(norm) : Math.sqrt(norm);
  const v = pivot.slice();
  v[k] -= length;
  const half = norm - pivot[k] * length;
  const apply = (target: Float64Array): void => {
    let dot = 0;
    for (let i = k; i < v.length; i++) dot += v[i] * target[i];
    const factor = dot / half;
    for (let i = k; i < v.length; i++) target[i] -= factor * v[i];
  };
  for (let j = k + 1; j < columns.length; j++) apply(columns[j]);
  apply(right);
  pivot[k] = length;
}

/** Solves the upper triangle that {@link reflect} has left in the first `count` columns. */
export function backSubstitute(columns: readonly Float64Array[], right: Float64Array, count: number): Float64Array {
  const solution = new Float64Array(count);
  for (let k = count - 1; k >= 0; k--) {
    let sum = right[k];
    for (let j = k + 1; j < count; j++) sum -= columns[j][k] * solution[j];
    solution[k] = sum / columns[k][k];
  }
  return solution;
}
