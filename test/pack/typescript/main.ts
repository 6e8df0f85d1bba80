import { createEngine } from 'spillway';
import { agents } from './agents.ts';

const engine = await createEngine({ threads: { count: 1 }, agents });
const greeting: string = await engine.run('greet', 'Ada');
const counts: number[] = [];
for await (const outcome of engine.stream('letters', ['a', 'bb', 'ccc'], { ordered: true })) {
  if (outcome.status === 'completed') counts.push(outcome.value.count);
}
await engine.close();
console.log(JSON.stringify({ greeting, counts }));
