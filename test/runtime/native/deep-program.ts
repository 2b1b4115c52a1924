import { emitProgram } from '../../../compiler/emit/emit-program.ts';
import type { Program } from '../../../ir/program/program.ts';
import { bootstrapModule } from '../../../passes/kernels/bootstrap/module.ts';
import { toyBootstrap } from '../toy-bootstrap.ts';

/** One bootstrap of all slots of a toy ring, [1, slots] to [1, slots], with three special primes: only the native engine makes its keys. */
export function deepProgram(slots = 512): Program {
  const { plan, parameters } = toyBootstrap({ ringDegree: 2 * slots, slots, specialPrimes: 3, specialBits: 50 });
  return emitProgram(bootstrapModule(plan, parameters), { insecureForTests: true });
}
