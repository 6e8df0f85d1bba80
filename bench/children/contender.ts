/** One contender of a case, in a process of its own: does what it is told, one order after the other. */
import type { Answer, ApartCase, ContenderOptions, Order } from '../apart.ts';
import { COST } from '../cost.ts';
import { collectGarbage, type Trial } from '../harness.ts';
import { LANES } from '../lanes.ts';
import { WORKFLOWS } from '../workflows.ts';

let trial: Trial | undefined;

async function open(order: Extract<Order, { kind: 'open' }>): Promise<Trial> {
  const one = [...LANES, ...COST, ...WORKFLOWS].find(
    (candidate) => candidate.name === order.case,
  ) as ApartCase;
  const options: ContenderOptions = {
    size: order.size,
    rounds: 1,
    subject: order.subject,
    progress: () => {},
  };
  const contender = one.contenders(options, order.prepared).find(({ name }) => name === order.contender);
  if (contender === undefined) throw new Error(`${order.case} has no contender ${order.contender}`);
  return contender.open();
}

async function follow(order: Order): Promise<Answer> {
  if (order.kind === 'open') trial = await open(order);
  if (order.kind === 'warmUp') await trial?.warmUp?.();
  if (order.kind === 'close') await trial?.close();
  if (order.kind !== 'measure') return { ok: true };
  collectGarbage();
  const sample = await trial?.measure(order.round);
  return { ok: true, ...(sample && { sample }) };
}

process.on('message', (order: Order) => {
  follow(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ ok: false, message: String(error) } satisfies Answer),
  );
});
