const { createEngine, ioAgent } = require('spillway');

createEngine({ agents: [ioAgent('greet', { run: (name) => `hello, ${name}` })] }).then(async (engine) => {
  console.log(await engine.run('greet', 'Ada'));
  await engine.close();
});
