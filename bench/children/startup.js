// Prints how long a process takes from before it imports the library to the first result of a thread, in ms.
const [contender, entry, handlerModule] = process.argv.slice(2);

const START = {
  async spillway() {
    const { createEngine, cpuAgent } = await import(entry);
    const engine = await createEngine({
      agents: [cpuAgent('echo', { module: handlerModule, export: 'echo' })],
      threads: { count: 2 },
    });
    return { result: await engine.run('echo', 42), close: () => engine.close() };
  },
  async piscina() {
    const { Piscina } = await import('piscina');
    const pool = new Piscina({ filename: handlerModule, name: 'echo', minThreads: 2, maxThreads: 2 });
    return { result: await pool.run(42), close: () => pool.destroy() };
  },
};

const startedAtMs = performance.now();
const { result, close } = await START[contender]();
const tookMs = performance.now() - startedAtMs;
await close();
console.log(JSON.stringify({ tookMs, result }));
