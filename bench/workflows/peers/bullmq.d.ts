import type { OpenDag } from '../dag-peers.ts';
import type { Dag } from '../dags.ts';

export function openFlows(dag: Dag, port: number): Promise<OpenDag>;
