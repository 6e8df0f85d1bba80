/**
 * A purchase: reserve, pay, ship. If a step fails, what was done before it is undone, the last first.
 *
 *   spillway run examples/purchase-saga.mjs --input '{"order":"A-1","item":"lamp","cents":4900,"failAt":"ship"}'
 *
 * `failAt`: the step that fails (reserve, pay or ship); without it the purchase goes through. `refundFails: true` lets
 * the refund fail each time: the result then lists it as needing attention.
 */
import { ioAgent, NonRetryableError, workflow } from 'spillway';

export const input = { order: 'A-1', item: 'lamp', cents: 4_900, failAt: 'ship' };

/** What the shop's systems would remember. */
const stock = new Map([['lamp', 3]]);
const payments = new Map();

function mayFail(step, { failAt }) {
  if (failAt === step) throw new NonRetryableError(`no ${step} today`);
}

export const agents = [
  ioAgent('inventory', {
    run: async (order) => {
      mayFail('reserve', order);
      const left = stock.get(order.item) ?? 0;
      if (left === 0) throw new NonRetryableError(`${order.item} is sold out`);
      stock.set(order.item, left - 1);
      return { item: order.item, reservation: `R-${order.order}` };
    },
  }),
  ioAgent('cashier', {
    run: async (order) => {
      mayFail('pay', order);
      payments.set(order.order, order.cents);
      return { payment: `P-${order.order}`, cents: order.cents };
    },
  }),
  ioAgent('carrier', {
    run: async (order) => {
      mayFail('ship', order);
      return { parcel: `S-${order.order}` };
    },
  }),
  ioAgent('release', {
    run: async ({ item }) => {
      stock.set(item, stock.get(item) + 1);
    },
  }),
  ioAgent('refund', {
    run: async ({ order, refundFails }) => {
      if (refundFails) throw new Error('the bank does not answer');
      payments.delete(order);
    },
  }),
];

export default workflow('purchase', { agents })
  .step('reserve', {
    agent: 'inventory',
    compensate: { agent: 'release', input: ({ output }) => output },
  })
  .step('pay', {
    after: 'reserve',
    agent: 'cashier',
    input: ({ input: order }) => order,
    compensate: {
      agent: 'refund',
      input: ({ input: { order, refundFails } }) => ({ order, refundFails }),
      retry: { attempts: 3, backoffMs: 10 },
    },
  })
  .step('ship', { after: 'pay', agent: 'carrier', input: ({ input: order }) => order })
  .step('receipt', {
    after: ['reserve', 'pay', 'ship'],
    run: (parts) => ({ ...parts.reserve, ...parts.pay, ...parts.ship }),
  })
  .build();
