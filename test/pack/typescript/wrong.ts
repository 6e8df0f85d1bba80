import { createEngine } from 'spillway';
import { agents } from './agents.ts';

const engine = await createEngine({ agents });
await engine.run('greet', 'Ada');
await engine.run('great', 'Ada');
await engine.run('greet', 5);
await engine.submit('letters', { text: 'a' }).outcome;
