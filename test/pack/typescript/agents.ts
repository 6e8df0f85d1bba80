import { type AgentTypes, cpuAgent, ioAgent } from 'spillway';
import type { Letters } from './letters.ts';

export const agents = [
  ioAgent('greet', { run: async (name: string) => `hello, ${name}` }),
  cpuAgent('letters', {
    module: new URL('./letters.ts', import.meta.url),
    types: {} as AgentTypes<string, Letters>,
  }),
] as const;
