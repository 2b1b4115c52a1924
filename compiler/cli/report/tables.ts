import Table from 'cli-table3';
import type { CompileReport } from '../../report.ts';
import { summarise } from '../compile-output.ts';
import { formatNumber, formatSeconds, formatShare } from '../format.ts';
import { degreesOf } from './degrees.ts';

type Column = readonly [head: string, align: 'left' | 'right'];

/** Control characters of a terminal could come with the names of a model: they are shown, not sent. */
const plain = (text: string): string => text.replaceAll(/\p{Cc}/gu, '\ufffd');

function table(title: string, columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const made = new Table({
    head: columns.map(([head]) => head),
    colAligns: columns.map(([, align]) => align),
    style: { head: [], border: [], compact: true },
  });
  made.push(...rows.map((row) => row.map(plain)));
  return `\n${title}\n${made.toString()}\n`;
}

/** The report as text, for `fhec explain`. */
export function renderTables(report: CompileReport): string {
  const activations = table(
    'Activations',
    [
      ['node', 'left'],
      ['op', 'left'],
      ['form', 'left'],
      ['degree', 'right'],
      ['levels', 'right'],
      ['interval', 'right'],
      ['mse', 'right'],
      ['largest error', 'right'],
      ['out of range', 'right'],
      ['blow-ups', 'right'],
    ],
    report.activations.map((a) => [
      a.node,
      a.op.replace(/^nn\./, ''),
      a.form,
      String(a.degree),
      String(a.levels),
      `${formatNumber(a.interval[0])} .. ${formatNumber(a.interval[1])}`,
      formatNumber(a.meanSquaredError),
      formatNumber(a.maxError),
      formatShare(a.outOfRangeShare),
      formatShare(a.blowUpRate),
    ]),
  );
  const nodes = table(
    'Nodes, in the order of the program',
    [
      ['node', 'left'],
      ['operator', 'left'],
      ['level', 'right'],
      ['scale', 'right'],
      ['rotations', 'right'],
      ['mul', 'right'],
      ['mul_plain', 'right'],
      ['time', 'right'],
    ],
    report.nodes.map((n) => [
      n.node,
      n.operator,
      `${n.levelIn} -> ${n.levelOut}`,
      `2^${n.scaleBits.toFixed(1)}`,
      String(n.rotations),
      String(n.multiplications),
      String(n.plainMultiplications),
      formatSeconds(n.seconds),
    ]),
  );
  const alternatives = table(
    'Assignments of degrees',
    [
      ['', 'left'],
      ['degrees', 'left'],
      ['levels of activations', 'right'],
      ['N', 'right'],
      ['predicted', 'right'],
      ['accuracy', 'right'],
      ['same top-1', 'right'],
    ],
    report.alternatives.map((a) => [
      a.chosen ? 'chosen' : '',
      degreesOf(a.degrees),
      String(a.levels),
      String(a.ringDegree),
      formatSeconds(a.seconds),
      a.accuracy === undefined ? '' : formatShare(a.accuracy),
      formatShare(a.agreement),
    ]),
  );
  return `${plainLines(summarise(report))}\n${activations}${bootstrapTables(report)}${nodes}${alternatives}`;
}

function bootstrapTables({ bootstraps }: CompileReport): string {
  if (!bootstraps) return '';
  const places = table(
    `Bootstraps, ${formatSeconds(bootstraps.seconds)} each`,
    [
      ['after node', 'left'],
      ['vectors', 'right'],
      ['level', 'right'],
      ['time', 'right'],
      ['why there', 'left'],
    ],
    bootstraps.places.map((p) => [
      p.node,
      String(p.vectors),
      `${p.levelFrom} -> ${p.levelTo}`,
      formatSeconds(p.seconds),
      p.why,
    ]),
  );
  const rules = table(
    'Rules of placement, same polynomials',
    [
      ['', 'left'],
      ['rule', 'left'],
      ['bootstraps', 'right'],
      ['predicted', 'right'],
    ],
    bootstraps.rules.map((r) => [
      r.rule === bootstraps.rule ? 'chosen' : '',
      r.rule,
      String(r.count),
      formatSeconds(r.seconds),
    ]),
  );
  return places + rules;
}

/** As {@link plain}, but lines stay lines. */
const plainLines = (text: string): string => text.split('\n').map(plain).join('\n');
