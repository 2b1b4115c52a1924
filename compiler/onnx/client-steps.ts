import { fail } from '../../ir/diagnostics.ts';
import type { ClientStep } from '../../ir/interface.ts';
import { liveBody, type Result, type Value } from '../../ir/module.ts';

/** What the server computes, and what the client does with it after decryption. */
export interface ClientSplit {
  readonly results: readonly Result[];
  readonly clientSteps: readonly ClientStep[];
}

const kinds: ReadonlyMap<string, ClientStep['kind']> = new Map([
  ['nn.softmax', 'softmax'],
  ['nn.argmax', 'argmax'],
]);

const nodeOf = ({ loc, op }: Value): string => (loc.kind === 'onnx' ? loc.node : op);

/**
 * Cuts the softmax and argmax ops off the end of a network: they become steps of the client. Throws FHE0501 where one is elsewhere, since
 * nothing computes it on encrypted data.
 */
export function splitClientSteps(results: readonly Result[], body: readonly Value[]): ClientSplit {
  const clientSteps: ClientStep[] = [];
  const server = results.map(({ name, value }) => {
    let last = value;
    for (let kind = kinds.get(last.op); kind; kind = kinds.get(last.op)) {
      const axis = last.attrs['axis'];
      clientSteps.unshift({ kind, axis: typeof axis === 'number' ? axis : 0, node: nodeOf(last) });
      last = last.operands[0];
    }
    return { name, value: last };
  });
  const inside = liveBody(server, body).find((v) => kinds.has(v.op));
  if (inside) {
    fail(
      'FHE0501',
      `'${nodeOf(inside)}' is not at the end of the network, the only place where the client can compute it`,
      inside.loc,
    );
  }
  if (clientSteps.length > 0 && results.length > 1) {
    const loc = results.map((r) => r.value).find((v) => kinds.has(v.op))?.loc;
    fail(
      'FHE0501',
      `'${clientSteps[0].node}' ends a network of ${results.length} outputs; remove it or the other outputs`,
      loc,
    );
  }
  return { results: server, clientSteps };
}
