import { cpuAgent, createEngine, ioAgent } from 'spillway';

const engine = await createEngine({
  threads: { count: 1 },
  agents: [
    ioAgent('greet', { run: async (name) => `hello, ${name}` }),
    cpuAgent('letters', { module: new URL('./letters.js', import.meta.url), export: 'countLetters' }),
  ],
});
const greeting = await engine.run('greet', 'Ada');
const counts = [];
for await (const outcome of engine.stream('letters', ['a', 'bb', 'ccc'], { ordered: true })) {
  counts.push(outcome.value);
}
await engine.close();
console.log(JSON.stringify({ greeting, counts }));
