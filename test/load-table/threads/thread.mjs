// Where Node.js does not read TypeScript by itself, tsx must be registered on the thread: a flag is not enough.
import { register } from 'tsx/esm/api';

register();
await import('./thread.ts');
