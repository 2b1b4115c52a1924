/** Names of the vectors of one tensor at slots and ckks, and in files: `image/0`, `image/1`, ... for parameters and results alike. */
export const vectorName = (port: string, vector: number): string => `${port}/${vector}`;
