/** Images for calibration, inference or accuracy. */
export interface Dataset {
  /** One flattened (row-major) input each. */
  readonly images: readonly Float64Array[];
  /** The shape of one input, with batch 1. */
  readonly shape: readonly number[];
  /** The class of each image. */
  readonly labels?: Int32Array;
}
