/** The degrees of an assignment as one text: equal ones together, as in `3 x 7, 15`. */
export function degreesOf(degrees: readonly string[]): string {
  const runs: { label: string; count: number }[] = [];
  for (const label of degrees) {
    const last = runs.at(-1);
    if (last?.label === label) last.count++;
    else runs.push({ label, count: 1 });
  }
  return runs.map(({ label, count }) => (count === 1 ? label : `${count} x ${label}`)).join(', ');
}

/** What stands in for an activation: `degree 7`, or the name of a composite form. */
export const formOf = ({ form, degree }: { readonly form: string; readonly degree: number }): string =>
  form === 'polynomial' ? `degree ${degree}` : `${form} (degree ${degree})`;
