import { expect, onTestFinished, test } from 'vitest';
import { ioAgent, workflow } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { nextTurn } from '../fixtures/waiting.ts';

test('of steps that are ready those with the longest way behind them go first, the rest fills in', async () => {
  const order: unknown[] = [];
  const run = async (name: unknown) => {
    order.push(name);
    await nextTurn();
  };
  const at = (name: string, expectedMs: number) => ({ expectedMs, input: () => name, run });
  const definition = workflow('order', { concurrency: 1 })
    .step('short', at('short', 5))
    .step('long', at('long', 50))
    .step('first', at('first', 1))
    .step('last', { after: 'first', ...at('last', 100) })
    .build();
  const engine = await engineOf([]);
  onTestFinished(() => engine.close());
  await (await engine.start(definition, undefined)).result();
  expect(order).toEqual(['first', 'last', 'long', 'short']);
});

test('work goes to whoever has the capability, and the result says who it was', async () => {
  const translate = (name: string, language: string) =>
    ioAgent(name, { capabilities: [`to ${language}`], run: async (text: string) => `${language}: ${text}` });
  const engine = await engineOf([translate('anna', 'german'), translate('luc', 'french')]);
  onTestFinished(() => engine.close());
  const definition = workflow('routing')
    .step('german', { capability: 'to german' })
    .step('french', { capability: 'to french' })
    .build();
  const { data, metadata } = await (await engine.start(definition, 'hi')).result();
  expect(data).toEqual({ german: 'german: hi', french: 'french: hi' });
  expect(metadata.agents).toEqual(['anna', 'luc']);
});
