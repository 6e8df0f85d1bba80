/**
 * Research and write: a planner asks questions, researchers answer them side by side, what they found is brought together,
 * and a writer writes. One source fails: its answer is marked as missing, and the text says so.
 *
 *   spillway run examples/research-and-write.mjs --input '{"topic":"rain","delayMs":200}'
 *
 * The agents are simulated: each waits as a model would be waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ioAgent, isMissing, workflow } from 'spillway';

export const input = { topic: 'rain', delayMs: 400 };

const QUESTIONS = [
  'What causes',
  'Who measures',
  'What is the history of',
  'Who disputes',
  'What comes after',
];

/** Two researchers of one capability: whoever has less to do takes the next question. */
function researcher(name, slowness) {
  return ioAgent(name, {
    capabilities: ['research'],
    limit: 2,
    timeoutMs: 30_000,
    run: async ({ question, delayMs }, ctx) => {
      await sleep(slowness * delayMs, undefined, { signal: ctx.signal });
      await ctx.usage({ inputTokens: 120, outputTokens: 40, costUsd: 0.0004 });
      if (question.startsWith('Who disputes')) throw new Error('the archive of disputes is closed');
      return { question, answer: `${question} ... as ${name} has found out.`, source: name };
    },
  });
}

export const agents = [
  ioAgent('planner', {
    run: async ({ topic, delayMs }, ctx) => {
      await sleep(delayMs, undefined, { signal: ctx.signal });
      return QUESTIONS.map((question) => ({ question: `${question} ${topic}?`, delayMs }));
    },
  }),
  researcher('library', 1.5),
  researcher('web', 1),
  ioAgent('writer', {
    run: async ({ topic, facts, open, delayMs }, ctx) => {
      await sleep(2 * delayMs, undefined, { signal: ctx.signal });
      const found = facts.map(({ answer, source }) => `- ${answer} [${source}]`);
      const missing = open.map((why) => `- Not known: ${why}`);
      return [`On ${topic}`, '', ...found, ...missing].join('\n');
    },
  }),
];

export default workflow('research-and-write', { agents })
  .step('plan', { agent: 'planner' })
  .map('research', {
    after: 'plan',
    over: ({ plan }) => plan,
    capability: 'research',
    concurrency: 4,
    // A question that nobody can answer is marked, and the others go on.
    onFailure: 'skip',
    minSuccess: 0.6,
  })
  .reduce('facts', {
    of: 'research',
    run: (found) => ({
      facts: found.filter((one) => !isMissing(one)),
      open: found.filter(isMissing).map((one) => one.$missing.message),
    }),
  })
  .step('write', {
    after: 'facts',
    agent: 'writer',
    input: ({ input: { topic, delayMs }, facts: { facts, open } }) => ({ topic, delayMs, facts, open }),
  })
  .build();
